package legacy_test

import (
	"os"
	"os/exec"
	"testing"

	"github.com/heimdall-sdr/heimdall/iq"
	"github.com/heimdall-sdr/heimdall/legacy"
)

// A bucket as the Python system writes it, by numpy and json themselves.
const writeBucket = `
import datetime, json, os, numpy as np
z = (np.arange(-500, 500, dtype=np.int16).repeat(2)).astype(np.float32) / 32767
iq = (z[0::2] + 1j * z[1::2]).astype(np.complex64)
iq[:8].tofile('head')
folder = 'sessions/` + taskA + `/'
os.makedirs(folder)
def save(n, x, metrics):
    np.save(folder + 'websdr_%d.npy' % n, x)
    if metrics is not None:
        at = datetime.datetime(2025, 3, 1, 8, 30, 15, 123456).isoformat()
        d = dict(websdr_id=n, frequency_mhz=145.5, sample_rate_khz=12.5, samples_count=len(x), timestamp_utc=at, metrics=metrics)
        with open(folder + 'websdr_%d_metadata.json' % n, 'w') as f: json.dump(d, f, indent=2)
program = dict(snr_db=0.05, psd_dbm=-60.25, frequency_offset_hz=-1.5, signal_power_dbm=float('nan'), noise_power_dbm=float('-inf'))
save(1, iq, program)
save(2, iq, dict(snr_db=15.5, frequency_offset_hz=2.5, power_dbm=-80.5))
save(3, iq.astype(np.complex128), program)
save(4, iq.astype('>c8'), program)
save(5, iq.astype('>c16'), program)
save(6, np.asfortranarray(iq), program)
save(7, np.asfortranarray(iq.reshape(-1, 1)), None)
save(8, iq.astype(np.complex128) * np.pi, program)
save(9, np.asfortranarray(iq.reshape(2, -1)), program)
save(10, np.array([None, 1], dtype=object), program)
np.savez(folder + 'websdr_11.npz', iq)
chunk = folder + 'chunk_001_websdr_1.npy'
np.save(chunk, iq.astype(np.complex128))
os.utime(chunk, (1750000000, 1750000000))
`

func TestWhatNumpyAndJSONOfPythonWriteIsImported(t *testing.T) {
	py := ""
	for _, name := range []string{"/usr/bin/python3", "python3"} {
		if exec.Command(name, "-c", "import numpy").Run() == nil {
			py = name
			break
		}
	}
	if py == "" && os.Getenv("HEIMDALL_TEST_PYTHON") == "required" {
		t.Fatal("python3 with numpy is not installed")
	}
	if py == "" {
		t.Skip("SKIPPED: python3 with numpy is not installed; HEIMDALL_TEST_PYTHON=required makes this a failure")
	}
	r, b := newRig(t), newBucket(t)
	cmd := exec.Command(py, "-c", writeBucket)
	cmd.Dir = b.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	r.expect(r.run(b, legacy.Options{FrequencyHz: 145_500_000}), legacy.Report{Acquisitions: 2, Recordings: 11, Imported: 9, Skipped: 2, Others: 11, WebSDRs: 8})
	if got := len(r.reasoned(legacy.NotNPY)); got != 2 {
		t.Errorf("%d arrays are no recordings, want the two that are no line of complex numbers", got)
	}
	r.sound()
	head, err := os.ReadFile(b.dir + "/head")
	r.must(err)
	_, captures, measurements, old := r.rows(taskA)
	for k, c := range captures {
		want := iq.CF32LE
		if c.WebSDRID == 8 {
			want = iq.CF64LE
		} else if got := r.stored(c.Recording.S3Path); string(got[:len(head)]) != string(head) {
			t.Errorf("WebSDR %d: the first samples are % x, want % x", c.WebSDRID, got[:len(head)], head)
		}
		if c.Recording.Datatype != want.String() || c.Recording.SamplesCount != 1000 || !measurements[k].Timestamp.Equal(taken) {
			t.Errorf("WebSDR %d: %+v", c.WebSDRID, c.Recording)
		}
	}
	if len(old) != 7 || old[0].NoisePowerDBM != nil || old[0].SignalPowerDBM != nil || *old[0].SNRdB != 0.05 || *old[1].PowerDBM != -80.5 {
		t.Errorf("old metrics: %+v", old)
	}
}

// reasoned are the findings with that reason.
func (r *rig) reasoned(why legacy.Reason) (list []legacy.Finding) {
	for _, f := range r.findings {
		if f.Reason == why {
			list = append(list, f)
		}
	}
	return list
}
