"""From a pool's model to a client that can be asked: `providers.build_clients` is the way in.

| module | its one job |
| --- | --- |
| `base` | what every room may ask of a model |
| `providers` | from a pool to its clients |
| `http` | the lean client for OpenAI-compatible endpoints; `replies` reads them, `scoring` measures over them |
| `local` | the embedded engine |
| `scripted` | replies by rules, no model |
| `foreign` | AutoGen's own clients, by allow-list |
| `recorded` | one call after another into the log, and back out of it: `attempts` retries, `calls` is a call's row |
| `client`, `messages`, `failures`, `tokens` | what these share |

Nothing is imported here: AutoGen is heavy.
"""
