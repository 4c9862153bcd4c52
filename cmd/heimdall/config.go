package main

import (
	"fmt"
	"log/slog"
	"math"
	"time"
)

// Config is what every command can be told, by flag or by environment. Every field has a safe default.
type Config struct {
	DataDir string `env:"HEIMDALL_DATA_DIR" default:"heimdall-data" type:"path" placeholder:"DIR" help:"Folder of this process: the spool, and unless you say otherwise the database and the recordings; made if absent (${default})."`
	// Only from the environment is it hidden from the other users of the machine.
	DatabaseURL string         `name:"database-url" env:"DATABASE_URL" placeholder:"URL" help:"Keep the rows in this PostgreSQL database, such as postgres://user:password@host:5432/heimdall; set it in the environment, where others cannot read the password. Without it: in a SQLite file in the data folder."`
	ObjectsDir  string         `env:"HEIMDALL_OBJECTS_DIR" type:"path" placeholder:"DIR" help:"Folder with the recordings, which all who work on one database must share; without it objects in the data folder."`
	S3          S3Config       `embed:"" prefix:"s3-"`
	Server      string         `env:"HEIMDALL_SERVER" placeholder:"URL" help:"Speak to the server at this address. Without it: to the one that runs on the data folder, or to none."`
	Token       string         `env:"HEIMDALL_TOKEN" placeholder:"TOKEN" help:"Token to show to the server that HEIMDALL_SERVER names; set it in the environment, where others cannot read it."`
	Receivers   ReceiverConfig `embed:""`
	// Whoever makes a webhook asks for it, and whoever delivers.
	WebhookPrivate bool   `env:"HEIMDALL_WEBHOOK_PRIVATE" help:"Let webhooks lead to this machine and into private networks."`
	LogFormat      string `env:"HEIMDALL_LOG_FORMAT" enum:"text,json" default:"text" help:"How to log: text for people, json for programs (${default})."`
	Verbose        bool   `short:"v" help:"Log what happens, not only what goes wrong."`
}

// S3Config is where the recordings are when they are not in a folder. The names that begin with MINIO are the seed
// system's; those that begin with AWS are every S3 tool's.
type S3Config struct {
	Endpoint  string `env:"S3_ENDPOINT,MINIO_URL" placeholder:"URL" help:"Keep the recordings in a bucket of this S3 server, such as http://minio:9000, instead of a folder; s3://BUCKET is one of Amazon's."`
	Bucket    string `env:"S3_BUCKET,MINIO_BUCKET" placeholder:"NAME" help:"The bucket, which is created if it is not there; heimdall-raw-iq if not said."`
	Region    string `env:"S3_REGION,AWS_REGION" default:"us-east-1" help:"Region of the bucket; servers other than Amazon's take the default (${default})."`
	AccessKey string `env:"S3_ACCESS_KEY,MINIO_ACCESS_KEY,AWS_ACCESS_KEY_ID" placeholder:"KEY" help:"Access key of the S3 server."`
	SecretKey string `env:"S3_SECRET_KEY,MINIO_SECRET_KEY,AWS_SECRET_ACCESS_KEY" placeholder:"KEY" help:"Secret key that belongs to it; set it in the environment, where others cannot read it."`
	PathStyle string `env:"S3_PATH_STYLE" enum:"auto,true,false" default:"auto" help:"Name the bucket in the path of a URL (true) or in its host (false); auto: in the host with Amazon's only (${default})."`
	CAFile    string `name:"ca-file" env:"S3_CA_FILE" placeholder:"FILE" help:"Authorities that may sign the S3 server's certificate, in PEM form; without it those of the system."`
}

// RetentionConfig is what deletes old data: see the section Retention of docs/operations.md. All on one database should be
// told the same.
type RetentionConfig struct {
	RetentionDays       int      `env:"RETENTION_DAYS" default:"30" help:"Days after its end that an acquisition is kept, rows and recordings; 0 keeps it for ever (${default})."`
	RetentionDaysQuiet  int      `env:"RETENTION_DAYS_QUIET" placeholder:"DAYS" help:"The same for those on whose recordings nothing was heard; without it they are kept as long as the others."`
	RetentionQuietSNRdB *float64 `name:"retention-quiet-snr-db" env:"RETENTION_QUIET_SNR_DB" placeholder:"DB" help:"Something was heard when the SNR of a recording was so many dB or more; without it, when a signal was detected."`
	RetentionBytes      byteSize `env:"RETENTION_BYTES" placeholder:"SIZE" help:"Most that all recordings together may hold, such as 200GB: of what is too much, the oldest go."`
	RetentionFreeBytes  byteSize `env:"RETENTION_FREE_BYTES" placeholder:"SIZE" help:"Least room on the disk with the recordings, such as 20GB: when there is less, the oldest go."`
}

// StoreConfig is what server and worker can be told about what is stored. All on one database should be told the
// same.
type StoreConfig struct {
	RetentionConfig
	QueueLimit        int           `env:"HEIMDALL_QUEUE_LIMIT" default:"20000" help:"Acquisitions that may wait before no more are accepted; 0 is no limit (${default})."`
	MinFreeBytes      byteSize      `env:"HEIMDALL_MIN_FREE_BYTES" default:"1GiB" placeholder:"SIZE" help:"Room on the disks of this process below which nothing new is accepted or begun; 0 does not look (${default})."`
	CompressAfterDays int           `env:"COMPRESS_AFTER_DAYS" default:"2" help:"Age in days at which measurements are compressed, where the database can (${default})."`
	ObjectsWait       time.Duration `env:"HEIMDALL_OBJECTS_WAIT" default:"30s" help:"How long to wait at the start for an S3 server that does not answer (${default})."`
	DatabaseWait      time.Duration `env:"HEIMDALL_DATABASE_WAIT" default:"30s" help:"How long to wait at the start for a database server that does not answer (${default})."`
}

const (
	day     = 24 * time.Hour
	maxDays = 100_000 // what a time.Duration holds
)

// Validate refuses what would delete data by a slip.
func (c *RetentionConfig) Validate() error {
	if c.RetentionDays < 0 || c.RetentionDays > maxDays {
		return fmt.Errorf("RETENTION_DAYS is %d: it must be from 1 to %d, or 0 to keep everything for ever", c.RetentionDays, maxDays)
	}
	if q := c.RetentionDaysQuiet; q < 0 || q > maxDays || c.RetentionDays > 0 && q >= c.RetentionDays {
		return fmt.Errorf("RETENTION_DAYS_QUIET is %d: it must be from 1 to less than RETENTION_DAYS, which is %d (0 is for ever), or 0 for no difference", q, c.RetentionDays)
	}
	if s := c.RetentionQuietSNRdB; s != nil && (c.RetentionDaysQuiet == 0 || math.IsNaN(*s) || math.IsInf(*s, 0)) {
		return fmt.Errorf("RETENTION_QUIET_SNR_DB is %g: it must be a number of dB, and says nothing without RETENTION_DAYS_QUIET", *s)
	}
	return nil
}

// Validate refuses what would delete data by a slip, and what means nothing.
func (c *StoreConfig) Validate() error {
	if c.QueueLimit < 0 {
		return fmt.Errorf("HEIMDALL_QUEUE_LIMIT is %d: it must be above 0, or 0 for no limit", c.QueueLimit)
	}
	if c.CompressAfterDays < 1 || c.CompressAfterDays > maxDays {
		return fmt.Errorf("COMPRESS_AFTER_DAYS is %d: it must be from 1 to %d", c.CompressAfterDays, maxDays)
	}
	return c.RetentionConfig.Validate()
}

func (c *StoreConfig) databaseOptions(log *slog.Logger) databaseOptions {
	return databaseOptions{wait: c.DatabaseWait, compressAfter: time.Duration(c.CompressAfterDays) * day, log: log}
}

func (c *StoreConfig) blobOptions(log *slog.Logger) blobOptions {
	return blobOptions{wait: c.ObjectsWait, log: log}
}

// WorkerConfig is what a worker can be told.
type WorkerConfig struct {
	Acquisitions int           `env:"HEIMDALL_ACQUISITIONS" default:"16" help:"Acquisitions at a time (${default})."`
	Lease        time.Duration `env:"HEIMDALL_LEASE" default:"12s" help:"How long others wait before they take over from a dead worker (${default})."`
	Grace        time.Duration `env:"HEIMDALL_GRACE" default:"30s" help:"How long running acquisitions may go on at shutdown; then they are handed back (${default})."`
	ProbeConfig
	HostInterval time.Duration `env:"HEIMDALL_HOST_INTERVAL" default:"1s" help:"Least time between two connections to one receiver's host (${default})."`
	Contact      string        `env:"HEIMDALL_CONTACT" placeholder:"TEXT" help:"Who you are, shown to the receivers' owners: a call sign or an e-mail address."`
}

// identity is how we introduce ourselves to the owners of receivers.
func (c *WorkerConfig) identity() string {
	if c.Contact == "" {
		return "heimdall"
	}
	return "heimdall " + c.Contact
}

// logger logs what the user asked to see.
func (a *app) logger(level slog.Level) *slog.Logger {
	if a.config.Verbose {
		level = min(level, slog.LevelInfo)
	}
	o := &slog.HandlerOptions{Level: level}
	if a.config.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(a.stderr, o))
	}
	return slog.New(slog.NewTextHandler(a.stderr, o))
}
