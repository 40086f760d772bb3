package people

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"parley/bot/teams/teamsfake/announce"
	"parley/bot/teams/teamsfake/delivery"
	"parley/bot/teams/teamsfake/tenant"
	"parley/channels/emulator"
)

// An invoke is a request to the bot that waits for an answer, which Teams shows to the person: after a click, when a
// dialog is opened or submitted, or for a search. If the bot doesn't answer in time, Teams asks again.

// invokes sends invokes to the bot, and shows its answers. The lock guards it.
type invokes struct {
	*tenant.Ground
	org        *tenant.Directory
	announcer  *announce.Announcer
	activities *delivery.Activities
	faults     *emulator.FaultPlan
	dialogs    map[string]*Dialog // by person
}

// reset closes all dialogs. Caller holds the lock.
func (i *invokes) reset() { i.dialogs = map[string]*Dialog{} }

// Outcome is what a person sees after a click, a submission or a search.
type Outcome struct {
	// Error is what keeps the client from going on: timeout, connection_failed,
	// http_<status>, bad_answer (see Server.Problems), or code and message that the bot gave.
	Error string `json:"error,omitempty"`
	// Message is shown in passing, or closes a dialog.
	Message string `json:"message,omitempty"`
	// Card is what the person now sees in place of the card clicked.
	Card json.RawMessage `json:"card,omitempty"`
	// Dialog is open afterwards.
	Dialog *Dialog `json:"dialog,omitempty"`
	// URL is what the button opens.
	URL string `json:"url,omitempty"`
	// Results are the cards that a search found or an extension puts into the message.
	Results []Result `json:"results,omitempty"`
	// Response is the bot's answer as it came.
	Response json.RawMessage `json:"response,omitempty"`
}

// Result is one hit of a message extension.
type Result struct {
	Kind    string          `json:"kind"` // contentType
	Card    json.RawMessage `json:"card"`
	Preview json.RawMessage `json:"preview,omitempty"`
}

// invokeTries is how often a client asks: once and twice more.
// Source: "Respond to the dialog submit action", read 2026-11.
const invokeTries = 3

// ask sends an invoke, and waits for the bot's answer. After an error of the bot it tries again, up to invokeTries
// times in all, each time with a new activity from build. Faults of event:invoke apply: they delay the invoke, lose
// its answer, or send it twice.
// Errors: ctx's; context.Canceled if the server is closed.
func (i *invokes) ask(ctx context.Context, name string, value any, build func() object) (out *Outcome, err error) {
	answered := i.activities.StartInvoke()
	defer func() {
		answered()
		i.Mu.Lock()
		defer i.Mu.Unlock()
		i.Note(tenant.Change{Kind: "answer", ID: name})
	}()

	for try := range invokeTries {
		i.Mu.Lock()
		a := build()
		a["name"], a["value"] = name, value
		place, _ := tenant.SplitConversation(delivery.ConversationOf(a))
		f := i.faults.Strike("event:invoke", place)
		i.Note(tenant.Change{Kind: "invoke", Channel: place, ID: name})
		i.Mu.Unlock()
		var again bool
		out, again = i.askOnce(ctx, a, f)

		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if i.Ctx.Err() != nil {
			return nil, context.Canceled
		}
		if !again || try == invokeTries-1 {
			break
		}
	}

	return out, nil
}

// askOnce makes one attempt, or two if a fault duplicates it. again means that the client asks again.
func (i *invokes) askOnce(ctx context.Context, a object, f *emulator.Struck) (out *Outcome, again bool) {
	kind := emulator.FaultKind("")
	if f != nil {
		kind = f.Kind
	}

	switch kind {
	case emulator.FaultDelay:
		t := time.NewTimer(f.Delay)
		defer t.Stop()

		select {
		case <-t.C:
		case <-ctx.Done():
		}
	case emulator.FaultLose:
		return &Outcome{Error: "timeout"}, true
	case emulator.FaultDuplicate:
		i.activities.Send(ctx, a, i.Opt.InvokeDeadline) //nolint:errcheck // the second counts
	}

	status, body, err := i.activities.Send(ctx, a, i.Opt.InvokeDeadline)
	if errors.Is(err, context.DeadlineExceeded) {
		return &Outcome{Error: "timeout"}, true
	}
	if err != nil || kind == emulator.FaultDrop {
		return &Outcome{Error: "connection_failed"}, true
	}
	if status >= http.StatusInternalServerError && status != http.StatusNotImplemented {
		return &Outcome{Error: "http_" + strconv.Itoa(status)}, true
	}
	if status < http.StatusOK || status >= http.StatusMultipleChoices {
		return &Outcome{Error: "http_" + strconv.Itoa(status)}, false
	}

	out = &Outcome{}
	if text := strings.TrimSpace(string(body)); text != "" {
		if !json.Valid(body) {
			i.Mu.Lock()
			defer i.Mu.Unlock()
			return i.noteMisread(out, fmt.Sprint(a["name"]), "is no JSON"), false
		}
		if text != "null" {
			out.Response = json.RawMessage(text)
		}
	}

	return out, false
}

// noteMisread notes that clients don't understand the bot's answer to an invoke, and why. Caller holds the lock.
func (i *invokes) noteMisread(out *Outcome, name, text string) *Outcome {
	out.Error = "bad_answer"
	i.NoteTrouble(name, "", "the answer "+text)
	return out
}

// invokeAt builds invokes of a person in a conversation; replyTo "" leaves it out.
func (i *invokes) invokeAt(user string, at announce.Where, replyTo string) func() object {
	return func() object {
		a := i.announcer.Base("invoke", at)
		a["from"] = i.announcer.From(i.org.Users[user])
		if replyTo != "" {
			a["replyToId"] = replyTo
		}
		return a
	}
}
