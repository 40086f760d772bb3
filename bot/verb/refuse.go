package verb

import (
	"strings"

	"parley/bot/shape"
	"parley/bridge"
)

// checkOpen returns a problem if the conversation of a form is over.
func checkOpen(f bridge.Facts) error {
	if f.Status.Open() {
		return nil
	}
	return &bridge.Problem{
		Code: "not_open",
		Text: "This conversation is " + strings.ToLower(shape.StatusWords(f)) + ".",
		Hint: endedHint(f),
	}
}

// checkAnswerable returns a problem if nothing can be sent to the customer.
func checkAnswerable(f bridge.Facts) error {
	if f.Status == bridge.StatusResolved {
		return &bridge.Problem{Code: "resolved", Text: "This conversation is resolved.", Hint: endedHint(f)}
	}
	if f.Status == bridge.StatusClosed {
		return &bridge.Problem{Code: "closed", Text: "This conversation is closed.", Hint: endedHint(f)}
	}
	if f.Account.Mode == bridge.ModeWatch {
		return &bridge.Problem{
			Code: "watching",
			Text: "This account only watches: nothing is sent from here.",
			Hint: "An admin can set it live.",
		}
	}
	return nil
}

// checkWindow returns a problem if no free text can be sent to the customer: because nothing can be sent, or because the
// reply window is closed, so that only a template may be sent.
func checkWindow(in shape.FormInput) error {
	f := in.Facts
	if err := checkAnswerable(f); err != nil {
		return err
	}

	hasEnded := !f.Window.Until.IsZero() && !in.Now.Before(f.Window.Until)
	if !f.Window.Closed && !hasEnded {
		return nil
	}

	p := &bridge.Problem{Code: "window_closed", Text: "The reply window is closed.", Hint: "It opens when the customer writes."}
	if !f.Window.Until.IsZero() {
		p.Text = "The reply window closed " + shape.PlainTime(f.Window.Until, f.Zone) + "."
	}
	if f.Window.Templates {
		p.Hint += " Until then a template can be sent."
	}

	return p
}

// endedHint says what can be done with a conversation that is over. A closed one can't be opened again.
func endedHint(f bridge.Facts) string {
	if f.Status == bridge.StatusClosed {
		return "What the customer writes next starts a new one."
	}
	if f.Next != 0 { // in a chat this one can't be reopened while that one is open
		return "It goes on in " + shape.Number(f.Next) + ". If that is over, too, reopen this one."
	}
	return "Reopen it first."
}
