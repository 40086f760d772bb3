package verb

import (
	"strings"

	"parley/bot/shape"
	"parley/bridge"
)

// notOpen refuses a form about a conversation that is over.
func notOpen(f bridge.Facts) error {
	if f.Status.Open() {
		return nil
	}
	return &bridge.Problem{Code: "not_open", Text: "This conversation is " + strings.ToLower(shape.StatusWords(f)) + ".", Hint: afterTheEnd(f)}
}

// notAnswerable refuses a form that writes to the customer where nothing can be sent.
func notAnswerable(f bridge.Facts) error {
	switch {
	case f.Status == bridge.StatusResolved:
		return &bridge.Problem{Code: "resolved", Text: "This conversation is resolved.", Hint: afterTheEnd(f)}
	case f.Status == bridge.StatusClosed:
		return &bridge.Problem{Code: "closed", Text: "This conversation is closed.", Hint: afterTheEnd(f)}
	case f.Account.Mode == bridge.ModeWatch:
		return &bridge.Problem{Code: "watching", Text: "This account only watches: nothing is sent from here.", Hint: "An admin can set it live."}
	}
	return nil
}

// windowClosed refuses a form for free text to the customer where nothing can be sent, or where the
// reply window is closed and only a template may be sent.
func windowClosed(in shape.FormInput) error {
	f := in.Facts
	if err := notAnswerable(f); err != nil {
		return err
	}
	if !f.Window.Closed && (f.Window.Until.IsZero() || in.Now.Before(f.Window.Until)) {
		return nil
	}
	p := &bridge.Problem{Code: "window_closed", Text: "The reply window is closed.", Hint: "It opens when the customer writes."}
	if !f.Window.Until.IsZero() {
		p.Text = "The reply window closed at " + shape.PlainTime(f.Window.Until, f.Zone) + "."
	}
	if f.Window.Templates {
		p.Hint += " Until then a template can be sent."
	}
	return p
}

// afterTheEnd says what can be done with a conversation that is over: what was closed stays closed.
func afterTheEnd(f bridge.Facts) string {
	if f.Status == bridge.StatusClosed {
		return "What the customer writes next starts a new one."
	}
	return "Reopen it first."
}
