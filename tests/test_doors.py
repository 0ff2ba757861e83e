"""Each third-party library enters by one named door, so that it can be replaced by changing one room."""

import ast
import sys
from pathlib import Path

import master_autogen

PACKAGE = Path(master_autogen.__file__).parent

DOORS: dict[str, tuple[str, ...]] = {
    "autogen_agentchat": ("models/", "classroom/"),
    "autogen_core": ("models/", "classroom/"),
    "autogen_ext": ("models/", "classroom/"),
    "httptools": ("models/wire.py",),
    "xllamacpp": ("models/local_engines.py", "models/local_scoring.py"),
    "regex": ("models/scripted.py",),
    "tiktoken": ("models/tokens.py",),
    "sqlite_utils": ("log/",),
    "onnxruntime": ("embedding",),
    "tokenizers": ("embedding",),
    "datasets": ("seeds/", "export/"),
    "huggingface_hub": ("export/",),
    "uvloop": ("engines/loop.py",),
    "math_verify": ("checks/",),
    "sympy": ("checks/expressions.py",),
    "yaml": ("yaml_files.py",),
    "jinja2": ("prompts.py", "report/"),
    "click": ("cli/",),
    "rich": ("cli/",),
    "pydantic": ("",),
    "pydantic_core": ("models/", "log/"),
    "numpy": ("",),
}


def _imports(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "import_module":
            found |= {arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)}
    return found


def test_every_library_comes_by_its_door() -> None:
    wrong = []
    for path in sorted(PACKAGE.rglob("*.py")):
        where = path.relative_to(PACKAGE).as_posix()
        for module in sorted(_imports(path)):
            top = module.split(".")[0]
            if top in sys.stdlib_module_names or top == "master_autogen":
                continue
            if not any(where.startswith(door) for door in DOORS.get(top, ())):
                wrong.append(f"{where} imports {module}")
    assert wrong == []


def test_autogens_private_modules_stay_in_one_file() -> None:
    private = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        for module in _imports(path)
        if module.startswith("autogen_") and any(part.startswith("_") for part in module.split("."))
    }
    assert private == {"classroom/groupchat.py"}


def test_no_file_is_long() -> None:
    root = PACKAGE.parent
    files = [*PACKAGE.rglob("*.py"), *(root / "tests").rglob("*.py"), *(root / "benchmarks").rglob("*.py")]
    long = {p.name: n for p in files if (n := len(p.read_text(encoding="utf-8").splitlines())) > 400}
    assert long == {}
