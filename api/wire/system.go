package wire

// System says what the server is made of, how it is set and how much there is to do.
type System struct {
	Version          string   `json:"version" doc:"Version of the program" example:"0.1.0"`
	AlgorithmVersion string   `json:"algorithm_version" doc:"Version of the definitions that this server measures by" example:"1"`
	Database         Database `json:"database" doc:"What keeps the rows"`
	Objects          string   `json:"objects" doc:"Where the recordings are: a folder, or the bucket of a server" example:"http://minio:9000/heimdall-raw-iq"`
	RetentionDays    *int     `json:"retention_days" doc:"Days after its end that an acquisition is kept, rows and recordings; null when this server deletes nothing" example:"30"`
	Queue            Queue    `json:"queue" doc:"Acquisitions that have not ended"`
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
}

// A Queue counts acquisitions that have not ended.
type Queue struct {
	Pending int64 `json:"pending" doc:"Those that wait for a worker or for their start"`
	Running int64 `json:"running" doc:"Those that a worker has at hand"`
}
