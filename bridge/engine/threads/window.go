package threads

import (
	"time"

	"parley/bridge/engine/book"
	"parley/bridge/engine/outbound"
)

// Window returns the time in which a conversation's customer can be answered.
func (th *Writer) Window(c *book.Conversation) outbound.Window {
	return outbound.WindowOf(th.Caps(c.AccountID), c.WindowFrom)
}

// windowShown is the part of a card's digest that stands for the window. The window's end is cut to ten
// minutes, so that not every message of a customer changes the card. The end that the card shows
// is too early by less than that.
func (th *Writer) windowShown(c *book.Conversation) string {
	win := th.Window(c)
	switch {
	case !win.Limited || !c.BridgeStatus().Open():
		return ""
	case !win.Open(th.Now):
		return "closed"
	case !win.OpenFor(false, th.Now):
		return "people " + win.Human.Truncate(windowStep).UTC().String()
	}
	return win.Human.Truncate(windowStep).UTC().String() // providers' times are in UTC, the database's in the machine's zone
}

const windowStep = 10 * time.Minute // to which the window's end on a card is cut
