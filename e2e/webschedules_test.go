package e2e_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heimdall-sdr/heimdall/api/wire"
)

func scheduleIsEdited(t *testing.T, p *tab, d *dashboard) {
	p.open(t, "/schedules/new")
	p.shows(t, "main tbody", "UTC") // the next runs, of what the form says at first
	p.fill(t, "It runs", "cron")
	p.fill(t, "Cron line", "0 25 * * *")
	p.shows(t, "main", "Not to be said yet: recurrence.cron")
	p.fill(t, "Name", "made in the browser")
	p.fill(t, "Frequency (MHz)", "145,5")
	p.press(t, "Add")
	p.until(t, "the cron line is refused at its field", `document.querySelector('[name="recurrence.cron"]')?.getAttribute("aria-invalid") === "true"`)
	p.fill(t, "Cron line", "30 2 * * *")
	p.fill(t, "Time zone", "Europe/Rome")
	p.shows(t, "main tbody", "02:30:00 +0")
	p.press(t, "All that are active and can tune the frequency when a run is due")
	p.press(t, "Add")
	p.shows(t, ".problem", "must name at least one WebSDR")
	p.press(t, "torino Torino, http_iq")
	p.press(t, "Add a window")
	p.fill(t, "To", "24:30")
	p.press(t, "Add")
	p.shows(t, ".problem", "24:30")
	p.fill(t, "From", "01:00")
	p.fill(t, "To", "04:00")
	p.press(t, "Add")
	p.shows(t, "h1", "made in the browser")
	p.shows(t, "main", "every day at 02:30 (Europe/Rome), only 01:00\u201304:00")
	p.settle(t)
	s := d.scheduleNamed(t, "made in the browser")
	if s.Recurrence.Cron != "30 2 * * *" || s.FrequencyMHz != 145.5 || len(s.WebSDRs) != 1 || s.WebSDRs[0] != 3 || len(s.Windows) != 1 || s.DurationSeconds != 10 || s.Zone != "Europe/Rome" {
		t.Errorf("stored is %+v", s)
	}

	p.press(t, "Pause")
	p.shows(t, "main", "none while it is paused")
	if d.scheduleNamed(t, s.Name).IsActive {
		t.Error("it is not paused")
	}
	p.press(t, "Resume")
	p.shows(t, ".facts", "active")
	p.press(t, "Edit")
	p.shows(t, "h1", "Edit made in the browser")
	p.settle(t)
	if _, err := d.client.PatchSchedule(t.Context(), s.ScheduleID, map[string]any{"label": "theirs"}, ""); err != nil {
		t.Fatal(err)
	}
	p.fill(t, "Jitter (s)", "5")
	p.press(t, "Store")
	p.shows(t, ".problem", "Somebody else has changed it")
	p.press(t, "Load it again")
	p.until(t, "their label is in the form", `document.querySelector('[name="label"]')?.value === "theirs"`)
	p.fill(t, "Jitter (s)", "5")
	p.press(t, "Store")
	p.shows(t, "main", "up to 5 s")
	want := s
	got := d.scheduleNamed(t, s.Name)
	want.Label, want.JitterSeconds, want.UpdatedAt, want.NextStartAt = "theirs", 5, got.UpdatedAt, got.NextStartAt
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("an edit changed what nobody touched:\n%s", diff)
	}

	p.press(t, "Run now")
	p.until(t, "its acquisition is shown", `location.pathname.startsWith("/acquisitions/")`)
	p.open(t, fmt.Sprintf("/schedules/%d", s.ScheduleID))
	p.shows(t, "main", "by hand")
	p.press(t, "Remove")
	p.shows(t, "dialog[open]", "acquisitions that it made stay")
	p.press(t, "Remove it")
	p.until(t, "the list is shown", `location.pathname === "/schedules"`)
	if list, err := d.client.Schedules(t.Context()); err != nil || len(list) != 3 {
		t.Errorf("%d schedules are left, %v", len(list), err)
	}
	p.complaints(true)
}

func (d *dashboard) scheduleNamed(t testing.TB, name string) wire.Schedule {
	t.Helper()
	list, err := d.client.Schedules(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range list {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("there is no schedule called %s", name)
	return wire.Schedule{}
}
