// Package simnet is a network in a box: virtual emitters and receivers with known truth, served over the real
// wire protocols on this machine, with faults on request. It is the demo, the tutorial, the load generator
// and the oracle of tests.
//
// A [World] holds emitters and receivers. What a receiver gives is a pure function of the world's seed, the
// receiver, the absolute number of the sample and the tuning: the same seed gives the same bytes. An emitter
// is a closed form of absolute time, so a receiver at distance d hears s(t-d/c) exactly, carrier phase
// included. [World.Truth] says from the model, never from samples, what a measurement ought to find.
//
// [Start] opens a server for every receiver of a [Scenario]: a KiwiSDR, an rtl_tcp or an HTTP bridge. The
// servers behave as the real ones do, including what is awkward about them: the stale first stamps of a
// KiwiSDR, its S-meter that averages decibels, the silence of a busy rtl_tcp. [ServeKiwiRecording] and its
// siblings serve a file instead of the model.
//
// Left out: fading, multipath, moving emitters, the ionosphere, waterfalls and audio modes.
//
// The surprising part: a slow reader is never punished. Samples are generated when they are sent, so a
// stream that falls behind stays complete, and a speed above 1 only shortens the waiting between blocks.
package simnet
