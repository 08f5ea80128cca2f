"""Starts, watches and restarts the processes of one mesh on one host, Envoy among them.

    plan        which processes a configuration needs, in which order they start
    envoy       Envoy's configuration
    processes   one child process: start, readiness, health, restart with back-off, log
    mesh        all of them: stages, drain, clean-up
    service     `alphapulse.system.v1.SystemService`
    __main__    `python -m alphapulse_mesh.supervisor --config FILE`

Drawing the state for people is the command line's part.
"""
