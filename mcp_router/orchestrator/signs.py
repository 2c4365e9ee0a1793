"""What of a subtask's text tells its dimension: its words, and signs that a reader would go by."""

from __future__ import annotations

import math
import re
from functools import cache
from itertools import pairwise

MAX_CHARS = 4_000
CUE_CHARS = 1_500
HEAD_CHARS = 220

_LANGUAGE = (
    r"(?<![\w./-])(?:python|javascript|typescript|java|kotlin|scala|rust|ruby|php|perl|swift|"
    r"objective-c|haskell|ocaml|elixir|erlang|clojure|scheme|lua|julia|matlab|fortran|cobol|"
    r"delphi|bash|powershell|awk|groovy|dart|zig|coffeescript|webassembly|wasm|node(?:\.?js)?|"
    r"vba|pl/(?:pg)?sql|micropython|golang|c\+\+|c#|f#|\.net|(?-i:Go|R|C))(?![\w+#'/-]|\.\w)"
)
CUES = {
    "make": r"^(?:please |now )?(?:add|implement|create|build|write|make|generate|provide|introduce|"
    r"support|expose|extend|draft|let|give|design|develop|allow|enable)\b",
    "wish": r"\b(?:we need|i(?: want|'d like| need)|should be able to|is needed|users want|"
    r"would like)\b",
    "new thing": r"\bnew (?:\w+ )?(?:feature|class|endpoint|function|component|flag|option|command|module|"
    r"page|route|field|file|helper|service|table|button)\b|--[a-z][\w-]+[`'\"]? (?:flag|"
    r"option|mode|switch)|\b(?:get|post|put|patch|delete) /|\b(?:flag|option|endpoint|"
    r"component|command|script|middleware|handler|button)\b",
    "gap": r"\b(?:todo|fixme|xxx|stubs?|stubbed|placeholders?|skeleton|scaffold(?:ed)?|unfinished|"
    r"half[- ](?:written|done|finished)|incomplete|partial(?:ly)?|partly|wip|blanks?)\b|"
    r"notimplemented|unimplemented|todo!|\.\.\.`|# \.\.\.|`pass|// to ?do",
    "fill": r"\b(?:fill(?:s|ed)? (?:in|out|the gap|them|it)|complet(?:e|es|ing) (?:the|this|these|it|"
    r"them|his|its)|finish(?:es|ing)?|autocomplete|continue (?:the|this|it|from|up)|supply)\b",
    "left open": r"\b(?:rest of|remaining|missing|empty|left (?:empty|open|blank|unfinished|out)|"
    r"nothing below|not (?:yet )?(?:handled|implemented|written|supported)|already (?:there|"
    r"done|in place)|body of|stops after|returns? (?:nil|null|none|undefined|0) as)\b",
    "mend": r"\b(?:fix(?:es|ed|ing)?|repair|correct(?:ed)? (?:the|it|this)|debug|resolve|patch|mend|"
    r"make .{1,40} work again)\b",
    "symptom": r"\b(?:bugs?|crash(?:es|ed|ing)?|fail(?:s|ed|ing|ure)?|errors?|wrong(?:ly)?|"
    r"incorrect(?:ly)?|broken|breaks?|regression|leaks?|deadlock|race condition|hangs?|"
    r"panics?|segfaults?|off-by-one|overflow|flaky|twice|corrupt(?:ed)?|unexpected(?:ly)?|"
    r"misleading|stuck|ignored?|ignores|lost|loses|dropped|vulnerab\w+|injection)\b",
    "contrast": r"\b(?:instead of|no longer|any ?more|even though|although|doesn't|does not|don't|cannot|"
    r"can't|isn't|should (?:not|be|return|give|have|print)|but (?:it|gets?|got|found|raises?|"
    r"returns?)|used to|must not|expected|actual(?:ly)?|reproduc\w+|since (?:the|version|"
    r"v?\d)|rather than)\b",
    "trace": r"traceback \(most|file \"[^\"]+\", line \d+|\b\w*(?:error|exception)\b\s*[:(]|"
    r"\b\w+\.\w{1,5}:\d+|nullpointerexception|assertionerror|undefined reference|sigsegv|"
    r"\bexit code [1-9]|failed\b",
    "reshape": r"\b(?:refactor\w*|renam\w+|extract\w*|split|inline|restructur\w+|decouple|simplif\w+|"
    r"tidy|clean(?:ing)? up|dedup\w*|deduplicate|duplicat\w+|consolidat\w+|reorgani[sz]e|"
    r"separat\w+|break (?:it|up|this)|factor(?:ed)? out|pull up|hoist|moderni[sz]e|unify|"
    r"collapse|flatten|cut .{1,20} apart|get rid of|replace)\b",
    "same behaviour": r"\b(?:no (?:functional|behaviou?r\w*) changes?|behaviou?r (?:stays|must stay|may change|"
    r"is unchanged|unchanged)|without chang\w+|same (?:behaviou?r|results?|output)|"
    r"(?:results?|behaviou?r|output|requests?|tests?) (?:must|should|has to|have to|"
    r"may) (?:not )?(?:be|stay|remain|differ|change|pass)|do(?:es)? not change|"
    r"purely mechanical|keep the tests green|callers)\b|no \w+ (?:may|should) change",
    "style": r"\b(?:type (?:hints?|annotations?)|dead code|unused|constants|magic (?:numbers?|"
    r"strings?)|globals?|naming|consistent|conventions?|early returns?|inheritance|"
    r"composition|base class|dataclass|enum|interface|private methods?|imports?|helpers?|"
    r"singletons?|readab\w+|complexity of `|lines long)\b",
    "move": r"\b(?:move|pull|lift|turn|convert|change|swap|make)\b.{1,60}\b(?:to|into|out of|from|"
    r"of)\b",
    "ask": r"^(?:please |now |could you |can you )?(?:explain|describe|find|where|what|which|how|why|"
    r"who|when|is|are|can|does|do|did|trace|review|summari[sz]e|list|identify|determine|"
    r"locate|search|look|investigate|analy[sz]e|compare|audit|tell|walk|study|read|map|show|"
    r"inspect|examine|check|assess|go through|i need to know|i'm confused|understand)\b",
    "question": r"\?",
    "hands off": r"\b(?:(?:do not|don't|without) (?:edit|chang|modify|touch|fix|writ)\w*(?: (?:anything|"
    r"a thing|any|the code|it|them))?\b|read[- ]only|no (?:changes|edits|code changes)|"
    r"report (?:only|back)|only (?:report|a description)|leave the code|write (?:down|up)|"
    r"answer|findings)\b",
    "explain": r"\b(?:explain|explanation|overview|summari[sz]e|summary|architecture|purpose|understand|"
    r"describe|reasons?|difference|list of|data flow|line numbers|usages?|callers|depends?|"
    r"verdict|walk (?:me )?through|how (?:does|do|is|are)|whether|tell me|give me)\b",
    "write tests": r"\b(?:write|add|create|generate|provide|increase|need|put together|set up|make|more|"
    r"cover\w*)\b.{0,50}\b(?:tests?|specs?|coverage|test cases?|test suite)\b|\btests? (?:for|"
    r"of|that|which|covering|please)\b|^cover\b|^test ",
    "kind of test": r"\b(?:unit|regression|integration|end-to-end|e2e|property-based|snapshot|smoke|load|"
    r"contract|golden|fuzz|mutation|parametri[sz]ed?|table-driven|edge[- ]case|"
    r"characteri[sz]ation|doc|acceptance|failing) ?-?tests?\b",
    "test tool": r"\b(?:pytest|unittest|jest|vitest|mocha|junit ?\d?|rspec|xunit|nunit|hypothesis|mockito|"
    r"mocks?|fixtures?|coverage|playwright|cypress|test client|fakes?|test_\w+\.py|"
    r"\w+_test\.\w+|asserts?|parametri[sz]e)\b",
    "growth": r"\bo\([^)]{1,20}\)|\b(?:quadratic|linear(?:ly)?(?: time)?|logarithmic|n log n|"
    r"time complexity|asymptotic|amorti[sz]ed|time limit|memory limit|brute force)\b",
    "contest": r"\d ?(?:\^|\*\*)\s?\d|\b\d+e\d+\b|<= ?\|?\w+\|? ?<=|\bmodulo\b|\b(?:n|m|q|k|"
    r"t) (?:is )?(?:up to|at most)\b|\b(?:stdin|standard input|test cases follow|"
    r"you are given|given (?:an?|two|n|the) (?:array|string|list|grid|tree|graph|matrix|"
    r"integers?|sorted|set|number|sequence|rooted|undirected|directed)|\b(?:output|print|"
    r"return|find|count) the (?:number|length|minimum|maximum|longest|shortest|smallest|"
    r"largest|fewest|k-th))\b",
    "structure": r"\b(?:heaps?|tries?|segment tree|fenwick|interval tree|k-d tree|b-tree|skip list|"
    r"union-find|disjoint|priority queue|linked list|hash(?:ing| map| table)|bloom filter|"
    r"suffix|lru|rope|ring buffer|graph|binary search|dynamic programming|backtracking|greedy|"
    r"divide and conquer|topological|shortest paths?|dijkstra|breadth-first|depth-first|bfs|"
    r"dfs|spanning|flow|matching|knapsack|permutations?|combinations?|subarrays?|substrings?|"
    r"subsequences?|palindrom\w+|primes?|sieve|edit distance|median of|nearest|convex|"
    r"geometry|memoi[sz]ation|bitmask|sampling|stream of|algorithm|data structure|"
    r"sorted arrays?|merge sort|quick ?sort|knuth|nodes|edges|cycles?)\b",
    "data": r"\b(?:csv|parquet|feather|xlsx|data ?frames?|df|pandas|polars|numpy|notebooks?|ipynb|"
    r"data ?sets?|bigquery|dbt|sql query|window functions?|spark|jupyter|survey|pivot\w*|"
    r"outliers?|impute|aggregate|columns?|r2|group(?:ed)? by)\b",
    "statistics": r"\b(?:mean|median|standard deviation|percentiles?|quantiles?|correlat\w+|"
    r"regression (?:line|model|table)|linear regression|logistic|p-value|confidence interval|"
    r"a/b test|significan\w+|bootstrap|bayes\w*|posterior|anova|distribution|variance|"
    r"statistic\w*|cohorts?|retention|forecast\w*|arima|season\w+|time series|moving average|"
    r"rolling)\b",
    "plot": r"\b(?:plot\w*|charts?|histograms?|heat ?maps?|scatter|visuali[sz]e|matplotlib|seaborn|"
    r"plotly|ggplot\w*|axis labels?|curves?|figures?/)\b",
    "learning": r"\b(?:train(?:ing)?|fine-tune|classifier|scikit-learn|sklearn|pytorch|tensorflow|keras|"
    r"xgboost|random forest|gradient boosting|neural|epochs?|k-means|cluster\w*|pca|"
    r"embeddings?|accuracy|auc|rmse|precision|recall|cross-validation|hyperparameters?|"
    r"hold-?out|features? (?:engineering|importan\w+)|predict\w*)\b",
    "port": r"\b(?:port|translate|transpile|transcribe|re-?implement|rewrite|convert|migrate|turn|"
    r"bring|move|re-?create)\b.{1,80}\b(?:to|into|in|from|as)\b.{0,30}?" + _LANGUAGE.replace("(?-i:Go|R|C)", "go|r|c"),
    "bridge": r"\b(?:bindings?|wrappers?|wrap|ffi|cffi|ctypes|pyo3|jni|n-?api|pybind\w*|cgo|cbindgen|"
    r"swig|interop|(?:native|c) extension|polyglot|(?:two|three|four|both|each|"
    r"several) languages?|counterparts?|equivalent)\b",
    "whole": r"\b(?:(?:whole|entire|complete|full) (?:\w+ )?(?:repo(?:sitory)?|project|code ?base|"
    r"app(?:lication)?|package|feature|suite|workspace|backend|test suite)|(?:through|across|"
    r"throughout) the (?:\w+ )?(?:repo(?:sitory)?|project|code ?base)|this repository|"
    r"monorepo|end[- ]to[- ]end|all (?:\w+ )?(?:services|packages|dependencies|modules|places|"
    r"plugins|\d+)|each (?:package|service|module)|every (?:package|service|module|plugin)|"
    r"everything)\b",
    "loop": r"\b(?:until|iterat\w+|repeat\w*|re-?run|one by one|one after another|step by step|"
    r"in steps|stepwise|work through|keep going|go on|after each|after every|"
    r"from top to bottom|in between|at a time|as many|plan first|phase)\b",
    "delivery": r"\b(?:commit(?:s|ted)?|pull requests?|push|branch|merge conflicts?|changelog|release|tag|"
    r"deploy\w*|publish|pipelines?|ci|continuous integration|github actions|docker images?|"
    r"staging|cluster|wheels?|virtual machine|vm|contributing|makefile|readme|docs|"
    r"documentation)\b",
    "upgrade": r"\b(?:upgrad\w+|bump\w*|migrat\w+|adopt|update all|set up|setup|prepare release|"
    r"to \d+\.\d+|newest versions?|containeri[sz]e|switch (?:on|over))\b",
    "run": r"\b(?:run|execute|start|build|install|verify|confirm|exercise|check)\b.{0,40}\b(?:tests?|"
    r"suite|build|benchmarks?|experiments?|checks?|server|services?|again|everything|scripts?|"
    r"endpoint|linters?)\b",
}
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_FENCE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_WORD = re.compile(r"(?<![\w./])[a-z][a-z'-]*[a-z](?![\w/]|\.\w)")
_FILLER = re.compile(
    r"^(?:(?:please|now|then|we|i|you|your|task|goal|need|want|would|like|to|should|the|a|an|our|is|are|this|"
    r"that|it|in|`?[\w./:-]+[/._(:][\w./:()-]*`?,?:?)\s+)*"
)
_WORDS_WEIGHT = 3.0


@cache
def _compiled() -> tuple[dict[str, re.Pattern[str]], re.Pattern[str]]:
    """The cues and the names of languages; compiled when first needed, not at import."""
    return {name: re.compile(pattern) for name, pattern in CUES.items()}, re.compile(_LANGUAGE, re.IGNORECASE)


def signs(text: str) -> dict[str, float]:
    """What to weigh: words (together of fixed length, so that long texts weigh no more), cues, their place.

    Only the first 4,000 characters count, cues only in the first 1,500; comments of issue templates not at all,
    quoted code only for the cues. A cue in the first 220 characters counts once more.
    """
    clean = _COMMENT.sub(" ", text[:MAX_CHARS]).strip()
    prose = _FENCE.sub(" ", clean)
    head = prose[:HEAD_CHARS].lower()
    found = _words(prose.lower(), head)
    lowered = clean[:CUE_CHARS].lower()
    cues, language_names = _compiled()
    for name, pattern in cues.items():
        in_head = pattern.search(head)
        if in_head or pattern.search(lowered):
            found[f"cue {name}"] = 1.0
        if in_head:
            found[f"head {name}"] = 1.0
    languages = {match.group().lower() for match in language_names.finditer(prose[:CUE_CHARS])}
    if languages:
        found[f"languages {min(len(languages), 3)}"] = 1.0
    if "```" in clean or "\n    " in clean:
        found["code"] = 1.0
    found[f"size {min(len(prose) // 150, 4)}"] = 1.0
    return found


def _words(prose: str, head: str) -> dict[str, float]:
    words = [stem(word) for word in _WORD.findall(prose)]
    terms = {f"w {word}" for word in words}
    terms.update(f"p {left} {right}" for left, right in pairwise(words))
    weight = _WORDS_WEIGHT / math.sqrt(max(8, len(terms)))
    found = dict.fromkeys(sorted(terms), weight)
    opening = _WORD.findall(_FILLER.sub("", head))
    if opening:
        found[f"first {stem(opening[0])}"] = 1.0
    return found


def stem(word: str) -> str:
    """The word without its commonest endings: fixes, fixed and fixing are one."""
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            return word[: -len(ending)].removesuffix("e")
    return word.removesuffix("e") if len(word) > 3 else word
