"""Check Moa without trusting anyone of Moa: recompute everything from a node's raw logs, and say what differs.

This package needs Python 3.11, the standard library and web3 (of which it uses the Keccak-256), and nothing else of
this repository: its rules are written from the words in contracts/interfaces, and it reads no ABI file. So the folder
can be copied, with the deployment file, to another machine, and be run there with `python -m verify`.

What comes in is hostile until it is checked: an explorer, a bundle and a node may each lie, be broken, or send what
would upset a terminal. A lie is a difference, printed in one line; what cannot be checked is an error in one line.
"""
