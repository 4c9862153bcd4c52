package simnet

// NorthWestItaly is a built-in scenario: receivers where the first Heimdall's seven stood, between Torino,
// Genova and Milano, and two transmitters on one channel of the 2 m band. A hand-held with a voice calls from
// the hill of Superga; a forgotten carrier 700 Hz beside it sits near Genova. Hills decide who hears which,
// and the receivers' clocks decide where they believe it to be.
func NorthWestItaly() *Scenario {
	const (
		superga = "superga-voice"
		genova  = "genova-carrier"
	)
	at := func(lat, lon, alt float64) Position {
		return Position{LatitudeDeg: lat, LongitudeDeg: lon, AltitudeM: alt}
	}
	loss := func(toSuperga, toGenova float64) map[string]float64 {
		return map[string]float64{superga: toSuperga, genova: toGenova}
	}
	kiwi := func(name, place string, p Position, converterPPM, clockPPM, noise float64, hills map[string]float64) Receiver {
		return Receiver{Name: name, Kind: kindKiwi, LocationName: place, Position: p, NoiseDBMHz: noise, ExtraLossDB: hills,
			ClockPPM: clockPPM, ConverterHz: 116_000_000, ConverterPPM: converterPPM,
			FrequencyMinHz: 144_000_000, FrequencyMaxHz: 146_000_000, StampJitterS: 40e-9}
	}
	rtlGain := 40.0
	return &Scenario{World: World{
		Seed: 1961,
		Emitters: []Emitter{
			{Name: superga, Position: at(45.0806, 7.7675, 672), FrequencyHz: 145_500_000, PowerDBM: 40, Modulation: NBFM, DeviationHz: 800},
			{Name: genova, Position: at(44.4300, 8.8900, 340), FrequencyHz: 145_500_700, PowerDBM: 23, Modulation: Carrier},
		},
		Receivers: []Receiver{
			kiwi("giaveno", "Aquila di Giaveno", at(45.02, 7.29, 600), 0.4, 95.2, -158, loss(12, 40)),
			{Name: "montanaro", Kind: kindRTL, LocationName: "Montanaro", Position: at(45.234, 7.857, 300), NoiseDBMHz: -157,
				ClockPPM: 2.1, ExtraLossDB: loss(20, 40), FullScaleDBM: -20, GainDB: &rtlGain},
			{Name: "torino", Kind: kindHTTP, LocationName: "Torino", Position: at(45.044, 7.672, 250), NoiseDBMHz: -150,
				ClockPPM: -0.8, ExtraLossDB: loss(12, 45), RateHz: 48_000, FullScaleDBM: -50, FrequencyMinHz: 144_000_000, FrequencyMaxHz: 146_000_000},
			kiwi("coazze", "Coazze", at(45.03, 7.27, 700), -1.1, 97.8, -160, loss(30, 40)),
			kiwi("giovi", "Passo del Giovi", at(44.561, 8.956, 480), 0.9, 93.5, -160, loss(40, 18)),
			{Name: "genova", Kind: kindRTL, LocationName: "Genova", Position: at(44.395, 8.956, 100), NoiseDBMHz: -153,
				ClockPPM: -3.4, ExtraLossDB: loss(60, 12), FullScaleDBM: -20, GainDB: &rtlGain},
			kiwi("milano", "Milano-Baggio", at(45.478, 9.123, 120), 0.2, 96.4, -155, loss(32, 60)),
		},
	}}
}
