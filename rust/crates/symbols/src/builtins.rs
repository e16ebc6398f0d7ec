//! Names that need no definition.

use crate::facts::Family;

/// Builtins of Python 3, of the last Python 2 (real code asks for those behind a version check), and of a module.
const PYTHON: &str = " ArithmeticError AssertionError AttributeError BaseException BaseExceptionGroup BlockingIOError \
BrokenPipeError BufferError BytesWarning ChildProcessError ConnectionAbortedError ConnectionError ConnectionRefusedError \
ConnectionResetError DeprecationWarning EOFError Ellipsis EncodingWarning EnvironmentError Exception ExceptionGroup False \
FileExistsError FileNotFoundError FloatingPointError FutureWarning GeneratorExit IOError ImportError ImportWarning \
IndentationError IndexError InterruptedError IsADirectoryError KeyError KeyboardInterrupt LookupError MemoryError \
ModuleNotFoundError NameError None NotADirectoryError NotImplemented NotImplementedError OSError OverflowError \
PendingDeprecationWarning PermissionError ProcessLookupError PythonFinalizationError RecursionError ReferenceError \
ResourceWarning RuntimeError RuntimeWarning StopAsyncIteration StopIteration SyntaxError SyntaxWarning SystemError \
SystemExit TabError TimeoutError True TypeError UnboundLocalError UnicodeDecodeError UnicodeEncodeError UnicodeError \
UnicodeTranslateError UnicodeWarning UserWarning ValueError Warning WindowsError ZeroDivisionError abs aiter all anext any \
ascii bin bool breakpoint bytearray bytes callable chr classmethod compile complex copyright credits delattr dict dir \
divmod enumerate eval exec exit filter float format frozenset getattr globals hasattr hash help hex id input int \
isinstance issubclass iter len license list locals map max memoryview min next object oct open ord pow print property quit \
range repr reversed round set setattr slice sorted staticmethod str sum super tuple type vars zip __import__ __build_class__ \
reveal_type reveal_locals apply basestring buffer cmp coerce execfile file intern long raw_input reduce reload unichr unicode \
xrange _ get_ipython frozendict ";

const MODULE: &str = " __name__ __doc__ __file__ __dict__ __path__ __spec__ __loader__ __package__ __builtins__ \
__annotations__ __cached__ __class__ __debug__ __module__ __qualname__ __all__ ";

/// Names that the standard library got after Python 3.11 or lost before: a program for another version may ask for them.
const OTHER_VERSIONS: &str = " ALLOW_MISSING GenericMeta Buffer BufferFlags CapsuleType Day InterpreterPoolExecutor JUMP_FORWARD Month \
NoDefault Placeholder Queue QueueShutDown ReadOnly ShutDown TypeAliasType TypeIs UnsupportedOperation android_ver batched \
binomialvariate cached_property deprecated eager_task_factory evaluate_forward_ref get_annotations get_original_bases \
get_protocol_members getHandlerByName getasyncgenlocals getasyncgenstate ios_ver is_protocol kde kde_random \
markcoroutinefunction override process_cpu_count runcode setprofile_all_threads settrace_all_threads sumprod uuid6 uuid7 \
uuid8 Callable Iterable Iterator Mapping MutableMapping MutableSequence MutableSet Sequence Hashable Sized Container \
getargspec formatargspec getcargs coroutine clock time_clock encodestring decodestring maketrans izip imap ifilter \
izip_longest ifilterfalse quote unquote urlencode urlopen urlretrieve urlparse urljoin HTMLParseError getcwdu ascii_letters \
letters lowercase uppercase linux_distribution dist popen2 tostring fromstring readfp SafeConfigParser assertEquals \
assertItemsEqual makeSuite findTestCases currentThread activeCount abstractproperty Template ";

/// Whether another version of Python's standard library may have a name that this one has not.
pub(crate) fn is_of_other_versions(name: &str) -> bool {
    has(OTHER_VERSIONS, name)
}

/// Whether a name needs no definition in a language. Scripts have so many that none is ever called missing.
pub(crate) fn is_known(family: Family, name: &str) -> bool {
    family != Family::Python || has(PYTHON, name) || is_module_attribute(name)
}

/// Whether every Python module has this attribute.
pub(crate) fn is_module_attribute(name: &str) -> bool {
    has(MODULE, name)
}

fn has(list: &str, name: &str) -> bool {
    list.split_ascii_whitespace().any(|known| known == name)
}
