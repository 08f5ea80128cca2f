/** The client against a real registry and a real relay; one process, for they start one mesh. */
import "./live-feed.js";
import "./live-registry.js";
