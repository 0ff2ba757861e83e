"""master_autogen: simulated teaching that makes training data, as AutoGen group chats."""

__version__ = "0.1.0"
