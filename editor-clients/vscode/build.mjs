// Bundles the extension into one file and packs it as a .vsix: offline, and the same bytes every time.
import { build } from "esbuild";
import { createWriteStream } from "node:fs";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { ZipFile } from "yazl";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const manifest = JSON.parse(await readFile(here("package.json"), "utf8"));
const { scripts: _, devDependencies: __, private: ___, ...shipped } = manifest;

const bundled = ["vscode-languageclient", "vscode-languageserver-protocol", "vscode-languageserver-types", "vscode-jsonrpc", "minimatch", "brace-expansion", "balanced-match", "semver"];
const licenses = await Promise.all(bundled.map(async (name) => {
  const folder = here(`node_modules/${name}`);
  const file = (await readdir(folder)).find((one) => /^licen[cs]e/i.test(one));
  return `${name}\n\n${(await readFile(`${folder}/${file}`, "utf8")).replaceAll("\r", "").trim()}\n`;
}));

const bundle = await build({
  entryPoints: [here("src/extension.ts")],
  write: false,
  bundle: true,
  minify: true,
  format: "cjs",
  platform: "node",
  target: "node20",
  charset: "utf8",
  legalComments: "none",
  external: ["vscode"],
});

const text = (value) => value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
const vsixManifest = `<?xml version="1.0" encoding="utf-8"?>
<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011">
  <Metadata>
    <Identity Language="en-US" Id="${manifest.name}" Version="${manifest.version}" Publisher="${manifest.publisher}"/>
    <DisplayName>${text(manifest.displayName)}</DisplayName>
    <Description xml:space="preserve">${text(manifest.description)}</Description>
    <Tags>${manifest.keywords.join(",")}</Tags>
    <Categories>${manifest.categories.join(",")}</Categories>
    <GalleryFlags>Public</GalleryFlags>
    <Properties>
      <Property Id="Microsoft.VisualStudio.Code.Engine" Value="${text(manifest.engines.vscode)}"/>
      <Property Id="Microsoft.VisualStudio.Code.ExtensionKind" Value="workspace"/>
    </Properties>
    <License>extension/LICENSE.txt</License>
    <Icon>extension/${manifest.icon}</Icon>
  </Metadata>
  <Installation><InstallationTarget Id="Microsoft.VisualStudio.Code"/></Installation>
  <Dependencies/>
  <Assets>
    <Asset Type="Microsoft.VisualStudio.Code.Manifest" Path="extension/package.json" Addressable="true"/>
    <Asset Type="Microsoft.VisualStudio.Services.Content.Details" Path="extension/README.md" Addressable="true"/>
    <Asset Type="Microsoft.VisualStudio.Services.Content.License" Path="extension/LICENSE.txt" Addressable="true"/>
    <Asset Type="Microsoft.VisualStudio.Services.Icons.Default" Path="extension/${manifest.icon}" Addressable="true"/>
  </Assets>
</PackageManifest>
`;
const types = `<?xml version="1.0" encoding="utf-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">${["json", "js", "md", "txt", "svg", "png", "vsixmanifest"]
  .map((kind) => `<Default Extension=".${kind}" ContentType="${{ json: "application/json", js: "application/javascript", svg: "image/svg+xml", png: "image/png", vsixmanifest: "text/xml" }[kind] ?? "text/plain"}"/>`)
  .join("")}</Types>
`;

const zip = new ZipFile();
const options = { mtime: new Date(1980, 0, 1, 12), forceDosTimestamp: true, mode: 0o100644 };
const add = (path, content) => zip.addBuffer(Buffer.from(content), path, options);
add("extension.vsixmanifest", vsixManifest);
add("[Content_Types].xml", types);
add("extension/package.json", `${JSON.stringify(shipped, null, 2)}\n`);
add("extension/README.md", await readFile(here("README.md")));
add("extension/LICENSE.txt", await readFile(here("../../LICENSE")));
add("extension/THIRD_PARTY.txt", licenses.join("\n\n"));
add("extension/dist/extension.js", bundle.outputFiles[0].contents);
for (const name of (await readdir(here("media"))).sort()) add(`extension/media/${name}`, await readFile(here(`media/${name}`)));
zip.end();
await mkdir(here("../../build/vscode"), { recursive: true });
await pipeline(zip.outputStream, createWriteStream(here("../../build/vscode/opencode-orchestrator.vsix")));
