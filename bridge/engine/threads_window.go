package engine

import "time"

// Window returns the reply window of a conversation's customer.
func (th *Writer) Window(c *Conversation) Window {
	return WindowOf(th.Caps(c.AccountID), c.WindowFrom)
}

// windowDigest returns the part of a card's digest that stands for the reply window. The window's end is cut to ten minutes, so that
// not every message of a customer changes the card. The card may therefore show an end that is too early by less than that.
func (th *Writer) windowDigest(c *Conversation) string {
	win := th.Window(c)
	if !win.Limited || !c.BridgeStatus().Open() {
		return ""
	}
	if !win.IsOpen(th.Now) {
		return "closed"
	}
	if !win.IsOpenForMachines(th.Now) {
		return "people " + win.HumanUntil.Truncate(windowStep).UTC().String()
	}
	return win.HumanUntil.Truncate(windowStep).UTC().String() // in UTC, because times of providers and of the database have different zones
}

// windowStep is to what the window's end on a card is cut.
const windowStep = 10 * time.Minute
