package engine_test

import (
	"time"

	"parley/bridge/bridgetest"
	"parley/channels"
	"parley/channels/channelstest"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// plans are n files that ann attaches: a.txt, b.txt and so on, each of another size.
func plans(n int) (files []bridgetest.File) {
	for i := range n {
		files = append(files, file(string(rune('a'+i))+".txt", i+1))
	}
	return files
}

// sayPlans lets ann say "Plans" with n files.
func (w *world) sayPlans(thread string, n int) string {
	return w.chat.Say("ann", support, thread, "Plans", plans(n)...)
}

// badFile is a fault by which the provider refuses the named file for good.
func badFile(name string) channelstest.Fault {
	return channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.BadContent, With: name}
}

// hourBackoff makes a reply wait for an hour after each attempt that failed for now.
func hourBackoff() []time.Duration { return []time.Duration{time.Hour} }
