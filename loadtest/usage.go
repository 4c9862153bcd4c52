package loadtest

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// A Usage is what a process has used so far. It is read from /proc, so there is one on Linux only.
type Usage struct {
	CPUSeconds  float64 `json:"cpu_seconds"`         // of user and system together
	PeakBytes   int64   `json:"peak_resident_bytes"` // most memory at a time
	Threads     int     `json:"threads"`
	Descriptors int     `json:"descriptors"` // open files and connections
}

// ticksPerSecond is USER_HZ, which Linux shows as 100 on every architecture that Go runs on (man 5 proc, man 7 time).
const ticksPerSecond = 100

// UsageOf reads what the process has used.
func UsageOf(pid int) (u Usage, err error) {
	dir := filepath.Join("/proc", strconv.Itoa(pid))
	stat, err := os.ReadFile(filepath.Join(dir, "stat"))
	if err != nil {
		return u, fmt.Errorf("read usage of process %d: %w (only Linux tells)", pid, err)
	}
	if u.CPUSeconds, err = cpuOf(string(stat)); err != nil {
		return u, fmt.Errorf("read usage of process %d: %w", pid, err)
	}
	status, err := os.ReadFile(filepath.Join(dir, "status"))
	if err != nil {
		return u, fmt.Errorf("read usage of process %d: %w", pid, err)
	}
	for line := range strings.Lines(string(status)) {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		n, err := strconv.ParseInt(fields[1], 10, 64)
		switch {
		case err != nil:
		case fields[0] == "VmHWM:":
			u.PeakBytes = n << 10
		case fields[0] == "Threads:":
			u.Threads = int(n)
		}
	}
	open, err := os.ReadDir(filepath.Join(dir, "fd"))
	u.Descriptors = len(open)
	return u, err
}

// cpuOf takes utime and stime, fields 14 and 15, from a line of /proc/PID/stat. The name, field 2, is in parentheses and
// may hold anything.
func cpuOf(stat string) (seconds float64, err error) {
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 13 {
		return 0, fmt.Errorf("stat has %d fields after the name, 13 are needed", len(fields))
	}
	var ticks uint64
	for _, f := range fields[11:13] {
		n, err := strconv.ParseUint(f, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("read stat: %w", err)
		}
		ticks += n
	}
	return float64(ticks) / ticksPerSecond, nil
}

// Since is what was used after an earlier look; what is no sum stays as it is.
func (u Usage) Since(before Usage) Usage {
	u.CPUSeconds -= before.CPUSeconds
	return u
}

// Plus joins what two lives of one process used.
func (u Usage) Plus(v Usage) Usage {
	return Usage{u.CPUSeconds + v.CPUSeconds, max(u.PeakBytes, v.PeakBytes), max(u.Threads, v.Threads), max(u.Descriptors, v.Descriptors)}
}
