package api

import (
	"context"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// Limits on request bodies.
const (
	maxBody   = 1 << 20  // bytes of JSON
	maxImport = 32 << 20 // bytes of an import
)

// routes is every operation of the API, on one page.
func (s *service) routes() {
	route(s, "GET /healthz", "health", "Service", "Say that the process lives", s.health)
	route(s, "GET /readyz", "ready", "Service", "Say whether the database and the object store answer", s.readyz, 503)
	route(s, "GET /api/v1", "index", "Service", "List what there is", s.index)
	route(s, "GET /api/v1/system", "system", "Service", "Say what the server is made of and how it is set", s.system, 503)

	route(s, "POST /api/v1/acquisitions", "create-acquisition", "Acquisitions", "Ask for an acquisition", s.createAcquisition, 409, 429, 507, 503)
	route(s, "GET /api/v1/acquisitions", "list-acquisitions", "Acquisitions", "List acquisitions, newest first", s.listAcquisitions, 503)
	route(s, "GET /api/v1/acquisitions/estimate", "estimate-acquisition", "Acquisitions", "Say about how much an acquisition will hold", s.estimateAcquisition, 404, 503)
	route(s, "GET /api/v1/acquisitions/{task_id}", "get-acquisition", "Acquisitions", "Show an acquisition with its captures", s.getAcquisition, 404, 503)
	route(s, "POST /api/v1/acquisitions/{task_id}/cancel", "cancel-acquisition", "Acquisitions", "Ask for an acquisition to end", s.cancelAcquisition, 404, 409, 503)
	route(s, "DELETE /api/v1/acquisitions/{task_id}", "delete-acquisition", "Acquisitions", "Delete an acquisition that has ended, rows and recordings", s.deleteAcquisition, 404, 409, 503)
	route(s, "POST /api/v1/acquisitions/{task_id}/hold", "hold-acquisition", "Acquisitions", "Keep an acquisition from being deleted", s.holdAcquisition, 404, 409, 507, 503)
	route(s, "DELETE /api/v1/acquisitions/{task_id}/hold", "release-acquisition", "Acquisitions", "Let an acquisition be deleted again", s.releaseAcquisition, 404, 503)
	route(s, "GET /api/v1/acquisitions/{task_id}/events", "watch-acquisition", "Acquisitions", "Follow an acquisition until it ends", s.watchAcquisition, 404, 503)
	route(s, "GET /api/v1/acquisitions/{task_id}/emitters", "list-acquisition-emitters", "Emitters", "List the known emitters in the bands that an acquisition recorded", s.acquisitionEmitters, 404, 503)
	route(s, "GET /api/v1/acquisitions/{task_id}/archive", "get-archive", "Acquisitions", "Download all recordings of an acquisition as one file", s.getArchive, 404, 409, 503)

	route(s, "GET /api/v1/contact", "get-contact", "Fleet", "Say whether receivers may be contacted", s.getContact, 503)
	route(s, "PUT /api/v1/contact", "set-contact", "Fleet", "Forbid or allow all contact with receivers", s.setContact, 507, 503)
	route(s, "GET /api/v1/workers", "list-workers", "Fleet", "List the workers", s.listWorkers, 503)
	route(s, "POST /api/v1/websdrs/{websdr_id}/forgive", "forgive-websdr", "WebSDRs", "Contact a WebSDR again that turned us away", s.forgiveWebSDR, 404, 507, 503)
	route(s, "GET /api/v1/events", "listen", "Events", "Follow everything that happens", s.events, 503)
	route(s, "GET /api/v1/webhooks", "list-webhooks", "Events", "List webhooks", s.listWebhooks, 503)
	route(s, "POST /api/v1/webhooks", "create-webhook", "Events", "Have events sent to an address", s.createWebhook, 507, 503)
	route(s, "GET /api/v1/webhooks/{webhook_id}", "get-webhook", "Events", "Show a webhook", s.getWebhook, 404, 503)
	route(s, "PUT /api/v1/webhooks/{webhook_id}", "replace-webhook", "Events", "Replace a webhook", s.replaceWebhook, 404, 507, 503)
	route(s, "DELETE /api/v1/webhooks/{webhook_id}", "delete-webhook", "Events", "Remove a webhook and its deliveries", s.deleteWebhook, 404, 503)
	route(s, "POST /api/v1/webhooks/{webhook_id}/test", "test-webhook", "Events", "Have a test sent to a webhook", s.testWebhook, 404, 409, 507, 503)
	route(s, "GET /api/v1/webhooks/{webhook_id}/deliveries", "list-deliveries", "Events", "List the deliveries to a webhook, newest first", s.listDeliveries, 404, 503)
	route(s, "GET /api/v1/webhooks/{webhook_id}/deliveries/{event_id}", "get-delivery", "Events", "Show the delivery of an event to a webhook", s.getDelivery, 404, 503)
	route(s, "POST /api/v1/webhooks/{webhook_id}/deliveries/{event_id}/retry", "retry-delivery", "Events", "Have a delivery tried again", s.retryDelivery, 404, 409, 507, 503)

	route(s, "GET /api/v1/retention", "get-retention", "Retention", "Say what this server deletes by itself, and how it stands", s.getRetention, 409, 503)
	route(s, "GET /api/v1/retention/plan", "plan-retention", "Retention", "Say what would be deleted now", s.planRetention, 409, 503)
	route(s, "POST /api/v1/retention/run", "run-retention", "Retention", "Delete now what the rules say", s.runRetention, 409, 507, 503)
	route(s, "GET /api/v1/deletions", "list-deletions", "Retention", "List what was deleted, newest first", s.listDeletions, 503)

	route(s, "GET /api/v1/schedules", "list-schedules", "Schedules", "List schedules", s.listSchedules, 503)
	route(s, "POST /api/v1/schedules", "create-schedule", "Schedules", "Add a schedule", s.createSchedule, 409, 507, 503)
	route(s, "POST /api/v1/schedules/preview", "preview-schedule", "Schedules", "Say when a schedule would run, and store nothing", s.previewSchedule, 503)
	route(s, "GET /api/v1/schedules/forecast", "forecast-schedules", "Schedules", "Say what all schedules will do, and how loaded the receivers will be", s.forecastSchedules, 503)
	route(s, "GET /api/v1/schedules/{schedule_id}", "get-schedule", "Schedules", "Show a schedule", s.getSchedule, 404, 503)
	route(s, "PUT /api/v1/schedules/{schedule_id}", "replace-schedule", "Schedules", "Replace a schedule", s.replaceSchedule, 404, 409, 412, 507, 503)
	route(s, "PATCH /api/v1/schedules/{schedule_id}", "patch-schedule", "Schedules", "Change some fields of a schedule", s.patchSchedule, 404, 409, 412, 507, 503)
	route(s, "DELETE /api/v1/schedules/{schedule_id}", "delete-schedule", "Schedules", "Remove a schedule; the acquisitions of its runs stay", s.deleteSchedule, 404, 412, 503)
	route(s, "POST /api/v1/schedules/{schedule_id}/pause", "pause-schedule", "Schedules", "Let a schedule run no more, until it is resumed", s.pauseSchedule, 404, 409, 507, 503)
	route(s, "POST /api/v1/schedules/{schedule_id}/resume", "resume-schedule", "Schedules", "Let a paused schedule run again", s.resumeSchedule, 404, 409, 507, 503)
	route(s, "POST /api/v1/schedules/{schedule_id}/run", "run-schedule", "Schedules", "Run a schedule now, beside its runs by the clock", s.runSchedule, 404, 507, 503)
	route(s, "GET /api/v1/schedules/{schedule_id}/next", "next-schedule-runs", "Schedules", "Say when a schedule will run", s.nextScheduleRuns, 404, 503)
	route(s, "GET /api/v1/schedules/{schedule_id}/runs", "list-schedule-runs", "Schedules", "List what became of a schedule's runs, newest first", s.listScheduleRuns, 404, 503)

	route(s, "GET /api/v1/captures", "list-captures", "Captures", "List captures, also those that failed", s.listCaptures, 503)
	route(s, "GET /api/v1/captures/{task_id}/{websdr_id}", "get-capture", "Captures", "Show a capture", s.getCapture, 404, 503)
	route(s, "GET /api/v1/recordings/{task_id}/{websdr_id}", "get-recording", "Captures", "Download the IQ of a capture", s.getRecording, 404, 503)
	route(s, "GET /api/v1/recordings/{task_id}/{websdr_id}/url", "get-recording-url", "Captures", "Get an address of the IQ in the object store itself", s.getRecordingURL, 404, 501, 503)

	route(s, "GET /api/v1/recordings/{task_id}/{websdr_id}/spectrogram", "get-spectrogram", "Captures", "Get the power of a recording over time and frequency", s.spectrogramMatrix, 404, 409, 503)
	route(s, "GET /api/v1/recordings/{task_id}/{websdr_id}/spectrogram.png", "draw-spectrogram", "Captures", "Draw the power of a recording over time and frequency", s.spectrogramPNG, 404, 409, 503)
	route(s, "GET /api/v1/recordings/{task_id}/{websdr_id}/spectrogram/tiles/{z}/{x}/{y}", "get-spectrogram-tile", "Captures", "Draw a tile of 256 by 256 pixels of a spectrogram", s.spectrogramTile, 404, 409, 503)
	route(s, "GET /api/v1/recordings/{task_id}/{websdr_id}/psd", "get-psd", "Captures", "Get the power density of a recording over frequency", s.psd, 404, 409, 503)

	route(s, "POST /api/v1/recordings/{task_id}/{websdr_id}/recompute", "recompute-recording", "Measurements", "Derive the metrics of a recording again", s.recomputeRecording, 404, 409, 507, 503)
	route(s, "GET /api/v1/measurements", "list-measurements", "Measurements", "List measurements, newest first, as JSON, CSV, Parquet or Arrow", s.listMeasurements, 503)
	route(s, "GET /api/v1/metrics", "list-metrics", "Measurements", "Say what every number of a measurement means", s.listMetrics)

	route(s, "GET /api/v1/statistics/snr", "snr-statistics", "Statistics", "Say how the SNR went, by WebSDR and step of time", s.snrStatistics, 503)
	route(s, "GET /api/v1/statistics/frequency-drift", "drift-statistics", "Statistics", "Say how the frequencies of carriers went, by WebSDR and frequency", s.driftStatistics, 503)
	route(s, "GET /api/v1/statistics/websdrs", "websdr-statistics", "Statistics", "Say how captures fared, by WebSDR and by label", s.websdrStatistics, 503)
	route(s, "GET /api/v1/statistics/coverage", "coverage-statistics", "Statistics", "Say how much of each day was recorded, by WebSDR", s.coverageStatistics, 503)
	route(s, "GET /api/v1/statistics/sessions", "session-statistics", "Statistics", "Say what was asked for and what came of it", s.sessionStatistics, 503)
	route(s, "GET /api/v1/statistics/spectrum-occupancy", "occupancy-statistics", "Statistics", "Say how often something was heard on each frequency measured", s.occupancyStatistics, 503)
	route(s, "GET /api/v1/statistics/noise", "noise-statistics", "Statistics", "Say how the noise went, by WebSDR and step of time", s.noiseStatistics, 503)
	route(s, "GET /api/v1/statistics/clocks", "clock-statistics", "Statistics", "Say what carriers tell of the clocks of WebSDRs", s.clockStatistics, 503)
	route(s, "GET /api/v1/statistics/latest", "latest-statistics", "Statistics", "Show the newest measurement of each WebSDR", s.latestStatistics, 503)

	route(s, "GET /health", "python-health", "Python", "Say that the process lives", s.pythonHealth)
	route(s, "GET /ready", "python-ready", "Python", "Say whether the database and the object store answer", s.pythonReady, 503)
	route(s, "POST /api/v1/acquisition/acquire", "python-acquire", "Python", "Ask for an acquisition", s.pythonAcquire, 409, 507, 503)
	route(s, "GET /api/v1/acquisition/status/{task_id}", "python-status", "Python", "Say where an acquisition stands", s.pythonStatus, 404, 503)
	route(s, "GET /api/v1/acquisition/websdrs", "python-websdrs", "Python", "List WebSDRs", s.pythonWebSDRs, 503)
	route(s, "GET /api/v1/acquisition/websdrs/health", "python-websdrs-health", "Python", "Say how WebSDRs fared of late, by websdr_id", s.pythonWebSDRsHealth, 503)
	route(s, "GET /api/v1/acquisition/config", "python-config", "Python", "Say what the service can do", s.pythonConfig, 503)
	route(s, "GET /api/measurements/recent", "python-recent", "Python", "List measurements, newest first", s.pythonRecent, 503)
	route(s, "GET /api/measurements/session/{task_id}", "python-session", "Python", "List the measurements of an acquisition", s.pythonSession, 404, 503)

	route(s, "POST /api/v1/login", "login", "Access", "Begin a session of the dashboard with a token", s.login, 401, 429, 503)
	route(s, "POST /api/v1/logout", "logout", "Access", "End the session", s.logout, 401, 429, 503)
	route(s, "GET /api/v1/session", "get-session", "Access", "Say who the caller is taken for", s.getSession, 401, 429, 503)
	route(s, "POST /api/v1/tokens", "create-token", "Access", "Make a token", s.createToken, 409, 507, 503)
	route(s, "GET /api/v1/tokens", "list-tokens", "Access", "List tokens, without their values", s.listTokens, 503)
	route(s, "DELETE /api/v1/tokens/{token_id}", "revoke-token", "Access", "Make a token useless, at once and for ever", s.revokeToken, 404, 503)
	route(s, "GET /api/v1/audit", "list-audit", "Access", "List who changed what, newest first", s.listAudit, 503)

	route(s, "GET /api/v1/websdrs", "list-websdrs", "WebSDRs", "List WebSDRs", s.listWebSDRs, 503)
	route(s, "POST /api/v1/websdrs", "create-websdr", "WebSDRs", "Add a WebSDR", s.createWebSDR, 409, 507, 503)
	route(s, "POST /api/v1/websdrs/import", "import-websdrs", "WebSDRs", "Add or replace many WebSDRs, by name", s.importWebSDRs, 409, 507, 503)
	route(s, "GET /api/v1/websdrs/export", "export-websdrs", "WebSDRs", "Export all WebSDRs, without passwords", s.exportWebSDRs, 503)
	route(s, "GET /api/v1/websdrs/{websdr_id}", "get-websdr", "WebSDRs", "Show a WebSDR", s.getWebSDR, 404, 503)
	route(s, "PUT /api/v1/websdrs/{websdr_id}", "replace-websdr", "WebSDRs", "Replace a WebSDR", s.replaceWebSDR, 404, 409, 412, 507, 503)
	route(s, "PATCH /api/v1/websdrs/{websdr_id}", "patch-websdr", "WebSDRs", "Change some fields of a WebSDR", s.patchWebSDR, 404, 409, 412, 507, 503)
	route(s, "GET /api/v1/websdrs/{websdr_id}/status", "get-websdr-status", "WebSDRs", "Show how a WebSDR is, and was", s.websdrStatus, 404, 503)
	route(s, "GET /api/v1/websdrs/{websdr_id}/history", "get-websdr-history", "WebSDRs", "Count what was learnt of a WebSDR, part by part of a time", s.websdrHistory, 404, 503)
	route(s, "POST /api/v1/websdrs/{websdr_id}/probe", "probe-websdr", "WebSDRs", "Ask a WebSDR now how it is", s.probeWebSDR, 404, 409, 429, 507, 503)
	route(s, "DELETE /api/v1/websdrs/{websdr_id}/breaker", "close-breaker", "WebSDRs", "Let acquisitions contact a WebSDR again", s.closeBreaker, 404, 507, 503)
	route(s, "DELETE /api/v1/websdrs/{websdr_id}", "delete-websdr", "WebSDRs", "Remove a WebSDR that has no captures", s.deleteWebSDR, 404, 409, 412, 503)

	route(s, "GET /api/v1/emitters", "list-emitters", "Emitters", "List the known emitters, as JSON or GeoJSON", s.listEmitters, 503)
	route(s, "POST /api/v1/emitters", "create-emitter", "Emitters", "Add an emitter", s.createEmitter, 409, 507, 503)
	route(s, "POST /api/v1/emitters/import", "import-emitters", "Emitters", "Add or replace many emitters, by name", s.importEmitters, 409, 507, 503)
	route(s, "GET /api/v1/emitters/{emitter_id}", "get-emitter", "Emitters", "Show an emitter", s.getEmitter, 404, 503)
	route(s, "PUT /api/v1/emitters/{emitter_id}", "replace-emitter", "Emitters", "Replace an emitter", s.replaceEmitter, 404, 409, 412, 507, 503)
	route(s, "PATCH /api/v1/emitters/{emitter_id}", "patch-emitter", "Emitters", "Change some fields of an emitter", s.patchEmitter, 404, 409, 412, 507, 503)
	route(s, "DELETE /api/v1/emitters/{emitter_id}", "delete-emitter", "Emitters", "Remove an emitter", s.deleteEmitter, 404, 412, 503)
}

// operations says what the table of routes has no room for, by operation id. huma writes into what it gets, so
// every API has its own.
func operations() map[string]huma.Operation {
	return map[string]huma.Operation{
		"create-acquisition": {DefaultStatus: http.StatusAccepted,
			Description: "Everything is checked before anything is stored. A worker takes it from there: follow Location or its events. " +
				"With an Idempotency-Key, a repeat of the same request answers 200 with the same acquisition, and another request under the same key is refused. `websdrs: null` means those of that moment."},
		"set-contact": {
			Description: "It counts for everybody who works on the database, and for probes, too. Within a second what runs is stopped: what is complete is kept, as with cancel. What waits goes on waiting, and fails at its deadline."},
		"forgive-websdr": {
			Description: "What a receiver said when it turned us away is remembered, for every WebSDR at its host, so that it is not asked again before it makes sense: see blocked_until. This forgets it, and that its host has shut us out."},
		"cancel-acquisition": {DefaultStatus: http.StatusAccepted,
			Description: "Captures that have ended stay as they are. One that waits for a worker ends at once, one that runs within seconds."},
		"delete-acquisition": {
			Description: "It is noted in the journal of deletions first, then its objects go, then its rows; what a crash leaves in between, the next run of retention finishes. Rollups stay. " +
				"One that is held, or has not ended, is refused."},
		"hold-acquisition": {
			Description: "Nothing deletes what is held, no rule and nobody's hand, until it is released. The same hold again changes nothing; somebody else's is not replaced."},
		"plan-retention": {
			Description: "Exact numbers, by rule: every object that would go is looked at, so that the answer may take a while. Nothing is changed."},
		"run-retention": {
			Description: "The rules are the server's settings. It may be called beside the server's own runs."},
		"watch-acquisition": {Responses: streamed(http.StatusOK, "text/event-stream"),
			Description: "Server-sent events: an `acquisition` event holds the whole acquisition, as it is now and then at each change; an `end` event follows the last. " +
				"A reader that was cut off opens the stream again and has missed nothing that matters. The id of each is that of the last event that had happened."},
		"list-measurements": {Responses: streamed(http.StatusOK, formatTypes()...),
			Description: "In any format but JSON the rows are streamed, all of them unless there is a limit. The first line of CSV holds the JSON names, ndjson has an object on each line, " +
				"Parquet says in heimdall.columns of its metadata what its columns mean, and arrow, an IPC stream, in unit and meaning of each field. " +
				"An answer that breaks off lacks rows: of Parquet then the footer is missing, too; of the others the connection ends before the answer does."},
		"snr-statistics": {Responses: tables(),
			Description: "Over all frequencies chosen. Whole hours come from rollups, which outlive the rows; basis says so."},
		"drift-statistics": {Responses: tables(),
			Description: "Of carriers alone: the centroid of something wide is another quantity. A table (any format but JSON) has a row for each point; slopes are in JSON."},
		"websdr-statistics": {Responses: tables(),
			Description: "A table (any format but JSON) has the WebSDRs; labels are in JSON."},
		"coverage-statistics": {Responses: tables(),
			Description: "Days are those of UTC."},
		"session-statistics": {Responses: tables(),
			Description: "Acquisitions are counted row by row, so those deleted are not among them; of captures the rollups know those, too."},
		"occupancy-statistics": {Responses: tables(),
			Description: "The share of the measurements that detected a signal in their channel, with the interval of 95 percent confidence (Wilson) were they independent: receivers that measure the same moment are not. " +
				"A measurement counts once, however long it lasted; of what nobody measured there is nothing. A table (any format but JSON) has a row for each frequency and step."},
		"noise-statistics": {Responses: tables(),
			Description: "Over all frequencies chosen, relative to each receiver's full scale: compare a receiver with itself, not with others."},
		"clock-statistics": {Responses: tables(),
			Description: "A carrier is off by its transmitter's error and by the receiver's own. Receivers of the same carrier share the first: what is left after taking away the median of the others is mostly a receiver's own clock. " +
				"websdr_id chooses whose clocks are told; they are compared with all."},
		"latest-statistics": {Responses: tables()},
		"list-metrics":      {Description: "Unit, meaning and mathematics of each, as this server computes them. It is no time series: those are measurements."},
		"listen": {Responses: streamed(http.StatusOK, "text/event-stream"),
			Description: "Server-sent events, named by their kind, each with its id. A reader that was cut off goes on after the last id it saw (Last-Event-ID) and misses nothing for seven days. " +
				"First comes a `ready` event with the id to go on from, when none was given, or a `reset` event, when some of what was asked for is gone: then ask for the state anew. " +
				"A `progress` event has no id."},
		"create-webhook": {DefaultStatus: http.StatusCreated,
			Description: "Each event is POSTed as JSON, signed as Standard Webhooks say (webhook-id, webhook-timestamp, webhook-signature), at least once and in no certain order, and tried again for about three days. " +
				"The secret is shown in this answer alone."},
		"replace-webhook": {Description: "Fields left out get their defaults, except the secret, which stays."},
		"test-webhook": {DefaultStatus: http.StatusAccepted,
			Description: "An event of kind webhook.test is delivered like any other: its delivery says what became of it."},
		"retry-delivery": {DefaultStatus: http.StatusAccepted,
			Description: "One that is dead or delivered is pending again, under the same webhook-id."},
		"get-recording": {Responses: streamed(http.StatusOK, "application/octet-stream", "application/json", "application/x-tar", "audio/wav"),
			Description: "sigmf-data is the recording exactly as received, and its ETag is the SHA-256; the other formats are made on the way. Ranges are served. " +
				"A part is chosen by sample (from_sample, samples) or by time (from_time, to_time), not by both. Time is that of the recording's clock, its gaps counted: " +
				"the part has the samples whose time lies in [from_time, to_time)."},
		"get-spectrogram": {Responses: cached(http.StatusOK, "application/octet-stream"),
			Description: "A tone at the middle of a bin reads its own power. A column is the mean power of what was received in it, by the clock of the recording, gaps counted. " +
				"The first request about a recording reads all of it and stores what it finds beside it; columns finer than that come from the samples, of each at most eight segments."},
		"draw-spectrogram": {Responses: cached(http.StatusOK, "image/png"),
			Description: "Time to the right, frequency up, no axes; transparent where nothing was received. See get-spectrogram."},
		"get-spectrogram-tile": {Responses: cached(http.StatusOK, "image/png"),
			Description: "All tiles of a recording have the same colours for the same power. See draw-spectrogram."},
		"get-psd": aboutPSD(),
		"get-archive": {Responses: streamed(http.StatusOK, "application/x-tar"),
			Description: "A tar of every recording as a single download gives it. With sigmf it is a SigMF archive, with the collection of the acquisition when one is stored; otherwise the files lie in one folder. " +
				"from_time and to_time cut the same time from every recording. An archive is whole or refused (409) before its first byte, unless allow_missing. " +
				"It has an ETag, and ranges are served: a download that broke off goes on with Range and If-Range."},
		"get-recording-url": {Description: "For programs that read large recordings in place: the object goes from the object store to the caller, not through this server. " +
			"Where recordings are kept in a folder the answer is 501."},
		"recompute-recording": {
			Description: "The recording is read, checked against its SHA-256, and measured by the definitions of this server with the inputs of the day it was made. " +
				"Where the metrics differ the measurement is changed, in one transaction; a recording that is missing or damaged leaves it as it is. " +
				"The SigMF metadata object keeps the numbers of its day. A server works on few at once, so that an answer may take a while."},
		"create-websdr": {DefaultStatus: http.StatusCreated},
		"export-websdrs": {Responses: streamed(http.StatusOK, append(formatTypes(), "application/json")...),
			Description: "As JSON and CSV the answer is a valid body for the import. A column or key has the name of the field."},
		"import-websdrs": {MaxBodyBytes: maxImport, BodyReadTimeout: time.Minute,
			Description: "A JSON list, or CSV whose first line names the columns: name, kind, url, latitude and longitude are needed, the other fields of a WebSDR may be there, in any order. " +
				"A name that is known is replaced, password excepted when the row has none. All rows are stored or none."},
		"replace-websdr": {Description: "Fields left out get their defaults, except the password, which stays."},
		"patch-websdr": {MaxBodyBytes: maxBody, BodyReadTimeout: 5 * time.Second,
			Description: "A JSON merge patch (RFC 7396): only the fields named change, and null resets one to its default."},
		"delete-websdr": {Description: "What was recorded with it must stay explicable, so a WebSDR that has captures cannot go: set is_active to false instead."},
		"list-websdrs": {Responses: shapes(),
			Description: "The properties of a GeoJSON feature are the fields of the WebSDR."},
		"list-emitters": {Responses: shapes(),
			Description: "Transmitters that somebody knows: nothing is recorded from them, and nothing that is measured depends on them. The properties of a GeoJSON feature are the fields of the emitter; such an answer is a valid body for the import."},
		"create-emitter": {DefaultStatus: http.StatusCreated},
		"import-emitters": {MaxBodyBytes: maxImport, BodyReadTimeout: time.Minute,
			Description: "A GeoJSON FeatureCollection of points (RFC 7946). name and frequency_mhz are needed among the properties of each, bandwidth_hz, eirp_dbm and notes may be there; " +
				"where it is, the geometry says. A name that is known is replaced. All are stored or none."},
		"replace-emitter": {Description: "Fields left out get their defaults."},
		"patch-emitter": {MaxBodyBytes: maxBody, BodyReadTimeout: 5 * time.Second,
			Description: "A JSON merge patch (RFC 7396): only the fields named change, and null resets one to its default."},
		"list-acquisition-emitters": {
			Description: "An emitter is in it when its frequency lies in what at least one capture recorded: the sample rate about the frequency of the recording, and of that what its receive filter passes. " +
				"Whether it was on the air, and heard, is another question. Distances and delays are by where emitter and receivers are now."},
		"create-schedule": {DefaultStatus: http.StatusCreated,
			Description: "Everything is checked before anything is stored, also whether the recurrence can be understood. Each run creates an acquisition some seconds before it is due, so that the common window begins when it is due."},
		"preview-schedule":   {Description: "The body is that of a new schedule. What it answers is what would happen: jitter and windows included."},
		"replace-schedule":   {Description: "Fields left out get their defaults. When a schedule is due next is reckoned anew if what it depends on changes."},
		"forecast-schedules": {Description: "Of the active schedules, from now on. The load counts recordings of all WebSDRs of one host, because only one at a time connects to it."},
		"patch-schedule": {MaxBodyBytes: maxBody, BodyReadTimeout: 5 * time.Second,
			Description: "A JSON merge patch (RFC 7396): only the fields named change, also inside recurrence, and null resets one to its default. To change the kind of recurrence, set the old one to null."},
		"resume-schedule": {Description: "Runs that were due meanwhile are one row among its runs, skipped as paused; none of them is made up for."},
		"run-schedule": {DefaultStatus: http.StatusAccepted,
			Description: "It may be paused. The answer is the run: with its acquisition, or with the reason why there is none."},
		"get-websdr-status": {
			Description: "What is learnt of a WebSDR, by probes and by captures, holds until the next is learnt, but no longer than three waits between probes: a time in which nobody looked is unknown, and counts neither as up nor as down."},
		"probe-websdr": {
			Description: "It is asked by the cheapest way that its kind has, and the answer written down. That it is down is no error here. Once in 10 seconds it may be asked (429 says when again); " +
				"one that is inactive or has shut us out is not asked at all (409)."},
		"close-breaker": {
			Description: "After several failures in a row the breaker of a WebSDR opens: attempts are refused at once until a probe or a trial finds it up. Closing it by hand lets them pass before that, and has it probed soon. " +
				"It also forgets that the WebSDR has shut us out: make sure that its owner lets us in again."},
		"ready": {Description: "The answer is at most a second old."},
		"create-token": {DefaultStatus: http.StatusCreated,
			Description: "The answer is the only place where the value of the token ever stands: what is kept is its hash."},
		"login":      {Description: "The cookie holds the token, is hidden from scripts, and is sent to this server only. A session changes things only from the server's own pages. Programs send the token itself, in Authorization: Bearer."},
		"list-audit": {Description: "Every call that would change something, also one that was refused to a known caller. Entries hold neither bodies nor parameters, and are kept for a year."},
	}
}

func streamed(status int, mediaTypes ...string) map[string]*huma.Response {
	content := map[string]*huma.MediaType{}
	for _, m := range mediaTypes {
		content[m] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}}
		if m == "application/json" {
			content[m].Schema.Type = huma.TypeObject
		}
	}
	return map[string]*huma.Response{statusKey(status): {Description: http.StatusText(status), Content: content}}
}

// tables are answers as JSON or in another format that the caller may have already.
func tables() map[string]*huma.Response { return cached(http.StatusOK, formatTypes()...) }

// cached are answers that the caller may have already.
func cached(status int, mediaTypes ...string) map[string]*huma.Response {
	responses := streamed(status, mediaTypes...)
	responses[statusKey(http.StatusNotModified)] = &huma.Response{Description: "What If-None-Match names is still the answer"}
	return responses
}

// route registers one line of the table. Whatever error the handler returns is turned into a problem.
func route[I, O any](s *service, pattern, id, tag, summary string, handle func(context.Context, *I) (*O, error), errors ...int) {
	op := operations()[id]
	op.Method, op.Path = splitPattern(pattern)
	op.OperationID, op.Summary, op.Tags = id, summary, []string{tag}
	op.Deprecated = tag == "Python" // the addresses of the first Heimdall: new programs use the others
	op.Errors = append(errors, http.StatusBadRequest, http.StatusUnprocessableEntity)
	if hasBody(reflect.TypeFor[I]()) {
		op.Errors = append(op.Errors, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	s.require(pattern, &op)
	huma.Register(s.huma, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, in)
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		return out, nil
	})
}

func hasBody(input reflect.Type) bool {
	_, decoded := input.FieldByName("Body")
	_, raw := input.FieldByName("RawBody")
	return decoded || raw
}
