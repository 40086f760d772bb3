package teamsfake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"parley/channels/emulator"
)

// An invoke is a request of a Teams client to the bot that waits for an answer, which the client shows: after a click, when a
// dialog is opened or submitted, or for a search. If the bot fails or doesn't answer in time, the client asks again.

// invokes sends invokes to the bot and reads its answers. The lock of Ground, Mu, guards dialogs.
type invokes struct {
	*Ground
	org        *Directory
	announcer  *Announcer
	activities *Activities
	faults     *emulator.FaultPlan // faults that tests have planned
	dialogs    map[string]*Dialog  // open dialogs, by person
}

// reset closes all dialogs. The caller holds the lock.
func (i *invokes) reset() { i.dialogs = map[string]*Dialog{} }

// Outcome is what a person sees after a click, a submission or a search.
type Outcome struct {
	// Error says why it failed: timeout, connection_failed, http_<status>, bad_answer (details are in
	// Server.Problems), or an error code of the bot.
	Error string `json:"error,omitempty"`
	// Message is a text of the bot, which is shown for a moment or in place of the dialog.
	Message string `json:"message,omitempty"`
	// Card replaces the card that was clicked, for this person.
	Card json.RawMessage `json:"card,omitempty"`
	// Dialog is open afterwards.
	Dialog *Dialog `json:"dialog,omitempty"`
	// URL is the web page that the button opens.
	URL string `json:"url,omitempty"`
	// Results are the cards that a search found, or that a message extension puts into the message.
	Results []Result `json:"results,omitempty"`
	// Response is the body of the bot's answer.
	Response json.RawMessage `json:"response,omitempty"`
}

// Result is a card that a message extension found or made.
type Result struct {
	Kind    string          `json:"kind"` // contentType
	Card    json.RawMessage `json:"card"`
	Preview json.RawMessage `json:"preview,omitempty"`
}

// invokeTries is how often a client tries an invoke.
// Source: "Respond to the dialog submit action", read 2026-11.
const invokeTries = 3

// ask sends an invoke and waits for the bot's answer. If the bot fails, it tries again, up to invokeTries times in all, each
// time with a new activity from build. Planned faults of event:invoke can delay the invoke, lose its answer or send it twice.
// Errors: ctx's; context.Canceled if the server is closed. A failure of the bot isn't an error but an Outcome.
func (i *invokes) ask(ctx context.Context, name string, value any, build func() Object) (out *Outcome, err error) {
	answered := i.activities.StartInvoke()
	defer func() {
		answered()
		i.Mu.Lock()
		defer i.Mu.Unlock()
		i.Note(Change{Kind: "answer", ID: name})
	}()

	for range invokeTries {
		i.Mu.Lock()
		activity := build()
		activity["name"], activity["value"] = name, value
		channel, _ := SplitConversation(ConversationOf(activity))
		fault := i.faults.Strike("event:invoke", channel)
		i.Note(Change{Kind: "invoke", Channel: channel, ID: name})
		i.Mu.Unlock()
		var retry bool
		out, retry = i.askOnce(ctx, activity, fault)

		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if i.Ctx.Err() != nil {
			return nil, context.Canceled
		}
		if !retry {
			break
		}
	}

	return out, nil
}

// askOnce makes one attempt, or two if a fault duplicates it. fault is nil if none is planned. retry means that the client
// tries again.
func (i *invokes) askOnce(ctx context.Context, activity Object, fault *emulator.Struck) (out *Outcome, retry bool) {
	kind := emulator.FaultKind("")
	if fault != nil {
		kind = fault.Kind
	}

	switch kind {
	case emulator.FaultDelay:
		timer := time.NewTimer(fault.Delay)
		defer timer.Stop()

		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	case emulator.FaultLose:
		return &Outcome{Error: "timeout"}, true
	case emulator.FaultDuplicate:
		i.activities.Send(ctx, activity, i.Opt.InvokeDeadline) //nolint:errcheck // only the second answer counts
	}

	status, body, err := i.activities.Send(ctx, activity, i.Opt.InvokeDeadline)
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
			return i.noteMisread(out, fmt.Sprint(activity["name"]), "is no JSON"), false
		}
		if text != "null" {
			out.Response = json.RawMessage(text)
		}
	}

	return out, false
}

// noteMisread records that clients don't understand the bot's answer to an invoke. fault completes the sentence "the answer
// …". The caller holds the lock.
func (i *invokes) noteMisread(out *Outcome, name, fault string) *Outcome {
	out.Error = "bad_answer"
	const message = "" // the problem isn't in a message
	i.NoteTrouble(name, message, "the answer "+fault)
	return out
}

// invokeAt returns a function, for ask, that builds an invoke of a person in a conversation. replyTo is the message from
// which the person invokes it, or "".
func (i *invokes) invokeAt(user string, at Where, replyTo string) func() Object {
	return func() Object {
		activity := i.announcer.Base("invoke", at)
		activity["from"] = i.announcer.From(i.org.Users[user])
		if replyTo != "" {
			activity["replyToId"] = replyTo
		}
		return activity
	}
}
