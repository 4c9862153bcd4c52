package wire

import "time"

// System says what the server is made of, how it is set and how much there is to do.
type System struct {
	Version          string   `json:"version" doc:"Version of the program" example:"0.1.0"`
	AlgorithmVersion string   `json:"algorithm_version" doc:"Version of the definitions that this server measures by" example:"1"`
	Database         Database `json:"database" doc:"What keeps the rows"`
	Objects          string   `json:"objects" doc:"Where the recordings are: a folder, or the bucket of a server" example:"http://minio:9000/heimdall-raw-iq"`
	RetentionDays    *int     `json:"retention_days" doc:"Days after its end that an acquisition is kept, rows and recordings; null when this server deletes nothing" example:"30"`
	Queue            Queue    `json:"queue" doc:"Acquisitions that have not ended"`

	Platform  string          `json:"platform" doc:"What the program was built with, and for" example:"go1.26.0 linux/amd64"`
	StartedAt time.Time       `json:"started_at" doc:"When this server began"`
	Storage   Storage         `json:"storage" doc:"What is stored, besides the database"`
	Retention *RetentionRules `json:"retention,omitempty" doc:"What this server deletes by itself; absent when that is nothing"`
}

// Storage says how much room the recordings take.
type Storage struct {
	RecordedBytes *int64 `json:"recorded_bytes" doc:"Data of all recordings whose deletion is not planned; null where this server does not know"`
	HeldBytes     *int64 `json:"held_bytes" doc:"Of recorded_bytes, those of acquisitions that are held; null where this server does not know"`
	PlannedBytes  *int64 `json:"planned_bytes" doc:"Data of recordings whose deletion is planned and not done; null where this server does not know"`
	FreeBytes     *int64 `json:"free_bytes" doc:"Room left on the file system of the recordings; null where the server cannot know"`
}

// A Database is what keeps the rows.
type Database struct {
	Backend              string   `json:"backend" doc:"Kind of database, as it was when its tables were made" enum:"sqlite,postgresql,timescaledb apache,timescaledb"`
	Version              string   `json:"version" doc:"Its version, in words" example:"PostgreSQL 17.5"`
	Reason               string   `json:"reason" doc:"Why it is of this kind, in words"`
	SchemaVersion        int64    `json:"schema_version" doc:"Number of the newest migration that it has had" example:"2"`
	Partitions           int64    `json:"partitions" doc:"Partitions or chunks that hold measurements; 0 where one table holds all"`
	CompressedPartitions int64    `json:"compressed_partitions" doc:"How many of them are compressed"`
	CompressAfterDays    *float64 `json:"compress_after_days" doc:"Age in days at which they are compressed; null when they never are" example:"2"`
	Bytes                int64    `json:"bytes" doc:"Its size on disk, without recordings"`
	Measurements         *int64   `json:"measurements" doc:"How many measurements it holds, on PostgreSQL about; null where to know would take long"`
}

// A Queue counts acquisitions that have not ended.
type Queue struct {
	Pending      int64      `json:"pending" doc:"Those that wait for a worker or for their start"`
	Running      int64      `json:"running" doc:"Those that a worker has at hand"`
	PendingSince *time.Time `json:"pending_since" doc:"When the oldest of those pending was asked for; null when none is"`
}
