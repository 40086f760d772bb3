package verb

import (
	"strings"

	"parley/bot/shape"
	"parley/bridge"
)

// Before a form is shown, the functions in this file check whether its command can be done now. If not, they
// return a *bridge.Problem, whose text and hint are shown to the agent instead of the form.

// checkOpen returns a problem if the conversation is resolved or closed.
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

// checkWindow returns a problem if no free text can be sent to the customer: nothing can be sent at all, or
// the reply window is closed. Some providers accept free text only for some time after the customer's last
// message, and then only templates.
func checkWindow(in shape.FormInput) error {
	f := in.Facts
	if err := checkAnswerable(f); err != nil {
		return err
	}

	hasEnded := !f.Window.Until.IsZero() && !in.Now.Before(f.Window.Until)
	if !f.Window.Closed && !hasEnded {
		return nil
	}

	problem := &bridge.Problem{Code: "window_closed", Text: "The reply window is closed.", Hint: "It opens when the customer writes."}
	if !f.Window.Until.IsZero() {
		problem.Text = "The reply window closed " + shape.PlainTime(f.Window.Until, f.Zone) + "."
	}
	if f.Window.Templates {
		problem.Hint += " Until then a template can be sent."
	}

	return problem
}

// endedHint says what an agent can do about a conversation that has ended. Only admins reopen a closed conversation.
func endedHint(f bridge.Facts) string {
	if f.Status == bridge.StatusClosed {
		return bridge.ClosedHint(f.CloseReason)
	}
	if f.Next != 0 { // the customer's next conversation; in a chat, only one of them can be open
		return "It goes on in " + shape.Number(f.Next) + ". If that is over, too, reopen this one."
	}
	return "Reopen it first."
}
