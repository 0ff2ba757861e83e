"""An export on the Hugging Face Hub: its files with the card as README.md. The key is the Hub's own (HF_TOKEN)."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from master_autogen.errors import UserError
from master_autogen.export.run import ExportResult


def push_to_hub(result: ExportResult, name: str, *, private: bool = False) -> str:
    """Put the files of an export into the data set `name` (OWNER/NAME), made where there is none; its address.

    All files are put there at once or none is. Raises `UserError` where the name is none, nobody is logged in, or the
    Hub refuses the card or cannot be reached.
    """
    from huggingface_hub import CommitOperationAdd, HfApi
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    # What the client raises without a network is of the library that its version stands on: requests, httpx or httpx2.
    unreachable = cast("type[Exception]", HfHubHTTPError.__bases__[0])
    api = HfApi(library_name="master-autogen")
    try:
        address = api.create_repo(name, repo_type="dataset", private=private, exist_ok=True)
        files = [path for path in (result.path, *result.also) if path.is_file()]
        api.create_commit(
            name,
            [CommitOperationAdd(path_in_repo=_place(path, result), path_or_fileobj=path) for path in files],
            repo_type="dataset",
            commit_message=f"{result.rows} lessons",
        )
    except HFValidationError as error:
        raise UserError(f"--push-to-hub {name}: {error}; name it OWNER/NAME") from None
    except HfHubHTTPError as error:
        status = error.response.status_code
        hint = "; set HF_TOKEN to a key that may write" if status in (401, 403) else ""
        raise UserError(f"the Hugging Face Hub refused {name} (HTTP {status}){hint}") from None
    except ValueError as error:
        why = " ".join(str(error).split())
        raise UserError(f"the Hugging Face Hub refused {name} ({why}); the export is in {result.path}") from None
    except (OSError, unreachable) as error:
        raise UserError(
            f"the Hugging Face Hub cannot be reached ({type(error).__name__}); the export is in {result.path}"
        ) from None
    return str(address)


def _place(path: Path, result: ExportResult) -> str:
    """Where a file goes in the data set: the card in front, the rest as it lies here."""
    if path.suffix == ".md":
        return "README.md"
    folder = result.path if result.path.is_dir() else result.path.parent
    return path.relative_to(folder).as_posix()
