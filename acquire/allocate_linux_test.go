package acquire

import (
	"syscall"
	"testing"
)

func TestTheReserveTakesRoomOnTheDisk(t *testing.T) {
	t.Parallel()
	spool, err := OpenSpool(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	e := spool.entry("task", 1)
	w, err := e.begin(beginning{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.close() //nolint:errcheck // nothing was written
	var st syscall.Stat_t
	if err := syscall.Stat(e.reservePath(), &st); err != nil {
		t.Fatal(err)
	}
	if room := st.Blocks * 512; room < reserveSize {
		t.Errorf("the reserve takes %d bytes, want at least %d", room, reserveSize)
	}
}
