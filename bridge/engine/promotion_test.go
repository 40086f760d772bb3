package engine_test

import (
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
)

// A promotional reply leaves as long as machines may write, an answer as long as people may. What is
// too late when it is said stays inside with the reason; what gets too late in its hold is not sent.
//
//
func TestPromotionalReply(t *testing.T) {
	t.Parallel()
	promotion := func() bridgetest.Button {
		b := formOf(bridge.VerbReply)
		b.Args.Promotional = true
		return b
	}
	w := newWorld(t, options{caps: withWindow(7 * 24 * time.Hour)})
	w.customerWrites("kim", "Do you have lamps?")
	thread := w.waitThread("Do you have lamps?")
	w.chat.Submit("ann", support, thread, promotion(), "10 % off today")
	w.provider.WaitTexts(t, "10 % off today")
	w.advance(25 * time.Hour)
	w.chat.Submit("ann", support, thread, promotion(), "Still 10 % off")
	if line := w.waitLine(thread, bridge.LineInside).Plain(); !strings.Contains(line, "It is promotional") || !strings.Contains(line, "Still 10 % off") {
		t.Errorf("the line says %q", line)
	}
	w.reply(thread, "Yes, we have")
	w.waitDrained()
	w.provider.WaitTexts(t, "10 % off today", "Yes, we have")

	w = newWorld(t, options{hold: time.Hour, caps: withWindow(7 * 24 * time.Hour)})
	w.customerWrites("kim", "Hello?")
	thread = w.waitThread("Hello?")
	w.advance(23*time.Hour + 30*time.Minute)
	w.chat.Submit("ann", support, thread, promotion(), "10 % off")
	w.waitLine(thread, bridge.LineDone)
	w.advance(time.Hour)
	if line := w.waitLine(thread, bridge.LineFailed).Plain(); !strings.Contains(line, "It is promotional") {
		t.Errorf("the line says %q", line)
	}
	w.wantNothingSent()
}
