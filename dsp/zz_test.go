package dsp_test
import ("testing";"encoding/json";"fmt";"os";"github.com/heimdall-sdr/heimdall/dsp")
func TestZZ(t *testing.T){ ids:=os.Getenv("IDS"); for _,v:=range loadVectors(t){ if ids!="" && v.ID[:3]!=ids {continue}; g:=measure(t,v.config(),dsp.End{},v.record(t)); b,_:=json.Marshal(g); fmt.Println(v.ID,string(b))}}
