"""Starts, watches and restarts the processes of one mesh on one host, Envoy among them.

    plan        which processes a configuration needs, in which order they start
    envoy       Envoy's configuration
    routed      the services that it routes to
    nats        a NATS server for a mesh that names none
    heartbeats  who has been heard of on the SystemRelay
    processes   one child process: start, readiness, health, restart with back-off, log
    mesh        all of them: stages, drain, clean-up
    service     `alphapulse.system.v1.SystemService`
    __main__    `python -m alphapulse_mesh.supervisor --config FILE`

Drawing the state for people is the command line's part.
"""

import os

# gRPC's handlers of a fork start its threads anew in the child, where now and then one of them dies
# (SIGSEGV) before the child has become the program that it is to be. Ours do nothing but that. gRPC
# looks at this when it is imported.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
