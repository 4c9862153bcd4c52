// Command heimdall records IQ from many network receivers over one common window of time, measures each
// recording, keeps everything, and answers questions about it.
//
// This is the only place where the parts meet, and where environment, flags and files are read. Each
// subcommand has a file of its name.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/heimdall-sdr/heimdall"
)

// Exit codes, for scripts.
const (
	exitOK      = 0
	exitError   = 1 // it could not be done
	exitUsage   = 2 // what was asked is wrong: nothing was done
	exitPartial = 3 // an acquisition ended partial, or some recordings could not be recomputed, or some rows not imported
	exitFailed  = 4 // an acquisition ended failed or cancelled, a check found something amiss, or nothing of what was asked could be done
)

// commands is everything that can be typed after "heimdall".
type commands struct {
	Config

	Demo         demoCmd         `cmd:"" help:"Show it all: a simulated network, one acquisition, measured values beside the truth."`
	Serve        serveCmd        `cmd:"" help:"Run the server: the API and the workers."`
	Worker       workerCmd       `cmd:"" help:"Run acquisitions of a PostgreSQL database, beside its server and any number of other workers."`
	Acquire      acquireCmd      `cmd:"" help:"Record one frequency from many WebSDRs over one window, and measure it."`
	Acquisitions acquisitionsCmd `cmd:"" help:"List acquisitions, show, cancel, hold or delete one."`
	Schedule     scheduleCmd     `cmd:"" help:"Make acquisitions recur: add, preview, pause, run, remove schedules, and see what became of their runs."`
	Watch        watchCmd        `cmd:"" help:"Show what happens, or one acquisition until it has ended."`
	Webhook      webhookCmd      `cmd:"" help:"Have events sent to addresses, and see what became of them."`
	WebSDR       websdrCmd       `cmd:"" name:"websdr" help:"List, add, change, import and export WebSDRs."`
	Emitter      emitterCmd      `cmd:"" aliases:"emitters" help:"List, add, change, import and export known emitters."`
	Contact      contactCmd      `cmd:"" help:"Forbid or allow all contact with receivers, for everybody at once."`
	Workers      workersCmd      `cmd:"" help:"List the workers."`
	Measurements measurementsCmd `cmd:"" help:"Print measurements, newest first."`
	Statistics   statisticsCmd   `cmd:"" help:"Answer questions about many measurements: SNR, drift, WebSDRs, coverage, occupancy."`
	Spectrogram  spectrogramCmd  `cmd:"" help:"Draw the power of a recording over time and frequency."`
	Import       importCmd       `cmd:"" help:"Load what was made elsewhere."`
	Recompute    recomputeCmd    `cmd:"" help:"Derive the metrics of stored recordings again, after their definitions have changed."`
	Recordings   recordingsCmd   `cmd:"" help:"Export recordings."`
	Measure      measureCmd      `cmd:"" help:"Measure a file of samples."`
	Metrics      metricsCmd      `cmd:"" help:"Say what every number of a measurement means."`
	TDOA         tdoaCmd         `cmd:"" name:"tdoa" help:"Measure by how much recordings hear an emission later than each other."`
	Retention    retentionCmd    `cmd:"" help:"Say what is deleted when and why, reckon it, or do it now."`
	Simulate     simulateCmd     `cmd:"" help:"Serve simulated receivers, or recordings as receivers, over their real protocols."`
	LoadTest     loadtestCmd     `cmd:"" name:"loadtest" help:"Measure how many acquisitions this machine can do, from simulated receivers."`
	Token        tokenCmd        `cmd:"" help:"Make, list and revoke the tokens by which a server knows who may use it from elsewhere."`
	Audit        auditCmd        `cmd:"" help:"List who changed what, newest first."`
	System       systemCmd       `cmd:"" help:"Say what the server is made of, how it is set and how much waits."`
	Check        checkCmd        `cmd:"" help:"Verify that database, objects and spool agree, and repair what does not."`
	Rebuild      rebuildCmd      `cmd:"" help:"Make a lost database again, from the objects alone."`
	Migrate      migrateCmd      `cmd:"" help:"Look at the database's schema, or bring it to the newest version."`
	Version      versionCmd      `cmd:"" help:"Print the version."`
}

// An app is what commands act on.
type app struct {
	ctx    context.Context
	config *Config
	args   []string     // as they were typed
	access AccessConfig // of the server in this process; the zero value lets in its own token alone
	stdout io.Writer
	stderr io.Writer
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the whole program.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var cli commands
	code := -1
	parser, err := kong.New(&cli,
		kong.Name("heimdall"),
		kong.Description("Turns scattered network receivers into one measuring instrument."),
		kong.Writers(stdout, stderr),
		kong.Exit(func(c int) { code = c }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.WithHyphenPrefixedParameters(true), // --latitude -33.9
	)
	if err != nil {
		fmt.Fprintln(stderr, "heimdall:", err)
		return exitError
	}
	kctx, err := parser.Parse(args)
	if code >= 0 { // --help
		return code
	}
	if err != nil {
		fmt.Fprintf(stderr, "heimdall: %v\nTry: heimdall --help\n", err)
		return exitUsage
	}
	a := &app{ctx: ctx, config: &cli.Config, args: args, stdout: stdout, stderr: stderr}
	err = kctx.Run(a)
	return exitCode(err, stderr)
}

// An outcome is a result that is no error of ours but should be seen in the exit code.
type outcome struct {
	code int
	text string
}

func (o *outcome) Error() string { return o.text }

func exitCode(err error, stderr io.Writer) int {
	if err == nil {
		return exitOK
	}
	if o, ok := errors.AsType[*outcome](err); ok {
		if o.text != "" {
			fmt.Fprintln(stderr, "heimdall:", o.text)
		}
		return o.code
	}
	if errors.Is(err, context.Canceled) {
		return 130 // as a shell reports an interrupt
	}
	fmt.Fprintln(stderr, "heimdall:", err)
	if _, ok := errors.AsType[*heimdall.InvalidError](err); ok || isUsage(err) {
		return exitUsage
	}
	return exitError
}
