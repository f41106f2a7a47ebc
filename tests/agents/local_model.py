"""A model of 135 million parameters behind llama.cpp's own server, for tests: it answers nonsense, in the right form.

    PYTHONPATH=(xllamacpp) python3 local_model.py MODEL.gguf PORT

Listens on PORT of 127.0.0.1 and answers 503 until the model is loaded. Ends with its standard input.
"""

import os
import sys
import threading

import xllamacpp


def end_with_input():
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=end_with_input, daemon=True).start()
params = xllamacpp.CommonParams()
params.model.path = sys.argv[1]
params.port = int(sys.argv[2])
params.n_ctx = 8192
params.n_parallel = 1
params.cpuparams.n_threads = 1
params.cpuparams_batch.n_threads = 1
params.sampling.seed = 1
# Small pieces of a prompt, so that it soon sees that nobody listens any more.
params.n_batch = params.n_ubatch = 128
params.warmup = False
server = xllamacpp.Server(params)
threading.Event().wait()
