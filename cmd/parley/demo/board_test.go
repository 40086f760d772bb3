package demo

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"parley/cmd/parley/app"
	"parley/cmd/parley/demo/company"
)

// board is the chat in which agents work: Slack, Teams or plain text. Everything that a scenario does or looks at there goes
// through a board, so that the same story can be told on each of them. People are named as in the scripts ("ann"), and what
// is seen is described by shown.
type board interface {
	boardView
	boardHands
	boardWeather
	boardWires
}

// boardView is what can be seen.
type boardView interface {
	// channel is the id of the team's channel, as facts name it.
	channel() string
	// look goes to the channel of a name, "support" being the team's. Another one is private, and is
	// made the first time, with these people.
	look(name string, members []string)
	// roots are the channel's own messages, in order.
	roots() []shown
	// thread gives a thread's messages in order, the root first.
	thread(root string) []shown
	// whispers are what only a person sees in channels.
	whispers(who string) []shown
	// direct is what Parley told a person alone, beside all channels.
	direct(who string) []shown
	// notices are the messages that a person was notified of.
	notices(who string) []shown
	// forms are those that a person has open, the one on top last.
	forms(who string) []form
}

// boardHands is what people do.
type boardHands interface {
	post(who string, u utterance) error
	edit(who, id, text string) error
	remove(who, id string) error
	// restore brings back a message that a person deleted.
	restore(who, id string) error
	react(who, id, emoji string, on bool) error
	press(ctx context.Context, who string, b button) error
	// choose picks an action of a message's menu, by the word for it.
	choose(ctx context.Context, who, action, id string) error
	// search looks for conversations, and gives what is found.
	search(ctx context.Context, who, words string) ([]shown, error)
	// command gives a command where the app's commands are given: here, elsewhere, directly,
	// or in the thread with this root.
	command(ctx context.Context, who, where, text string) error
	// submit fills in the form on top and sends it. refused tells what is wrong with it.
	submit(ctx context.Context, who string, f form, values map[string][]string) (refused string, err error)
	// dismiss closes the form on top without sending it.
	dismiss(ctx context.Context, who string, f form) error
	// attach sends files from the form of a reply that is on top.
	attach(ctx context.Context, who, text string, files []attached) (refused string, err error)
}

// boardWeather is what happens to a board.
type boardWeather interface {
	// suffer lets something happen: see surfaceCommand.
	suffer(trouble string, args []string) error
	// calm ends what went wrong, but for what the variant is about.
	calm()
}

// boardWires is how Parley hangs on a board.
type boardWires interface {
	// wire points a Parley at it that is about to start.
	wire(e *app.Env, o *app.Options)
	// started is told of a Parley that runs.
	started(ctx context.Context, address string) error
	// stopped is told that no Parley runs any more.
	stopped()
	// close ends the board, when the story is over.
	close()
	// calls describes Parley's newest calls, for whoever wonders why a story fails.
	calls() string
	// connected reports whether so many Parleys hear what happens.
	connected(parleys int) bool
	// pending reports whether a running Parley has yet to hear of something that people did.
	pending() bool
}

// Where a command is given.
const (
	here      = "here"
	elsewhere = "elsewhere" // in a channel that Parley has no part in
	directly  = "directly"  // alone with Parley
)

// shown is a message as people see it.
type shown struct {
	ID      string
	Thread  string   // id of its root; "" for a root
	Text    string   // its words, also those that only a notice shows
	Body    string   // its words as they are read where it stands
	Name    string   // of its author, as it is shown
	Who     string   // the person who wrote it, as the scripts call him; "" means nobody of them
	Ours    bool     // Parley wrote it
	Gone    bool     // only a trace is left
	Files   []string // names
	Marks   []string // sent, read, warning, or an emoji
	Buttons []button
}

// button can be pressed.
type button struct {
	Label string
	at    any // what the board knows it by
}

// form is open.
type form struct {
	ID     string
	Title  string
	Text   string   // its words
	Fields []string // names
}

// utterance is what a person writes.
type utterance struct {
	Thread   string // id of the root; "" means in the channel itself
	Text     string // in the scripts' way: {@ben}, {@everyone}, {#random}, **bold**, [label](address)
	Files    []attached
	ToParley bool   // begins with Parley's name, as a mention
	Aloud    bool   // in a thread, and also in the channel
	Me       bool   // a /me
	As       string // in whose guise: bot, workflow, surface; "" means his own
}

// attached is a file of an utterance.
type attached struct {
	Name      string
	Body      []byte
	Elsewhere bool // lies with another service
}

// errNotHere is given by a board for what doesn't exist there.
var errNotHere = errors.New("there is no such thing on this surface; the story says where it is told: surface NAME")

// errNoButton says that a button isn't shown any more.
var errNoButton = errors.New("there is no such button any more")

func notHere(what string) error { return fmt.Errorf("%s: %w", what, errNotHere) }

// cast are the people of the scripts.
func cast() map[string]string {
	return map[string]string{"ann": company.Ann, "ben": company.Ben, "zoe": company.Zoe, "gus": gus, "fay": fay}
}

// castName returns the name in the scripts of who has an id.
func castName(ids map[string]string, id string) string {
	for name, known := range ids {
		if known == id {
			return name
		}
	}
	return ""
}

var scriptChip = regexp.MustCompile(`\{([@#])(\w+)\}`)

// chips replaces {@name} and {#name} of a script's text.
func chips(text string, by func(kind, name string) string) string {
	return scriptChip.ReplaceAllStringFunc(text, func(chip string) string {
		part := scriptChip.FindStringSubmatch(chip)
		return by(part[1], part[2])
	})
}

// everything returns all messages of the channel, threads included, in order.
func everything(b board) []shown {
	var list []shown
	for _, root := range b.roots() {
		thread := b.thread(root.ID)
		if len(thread) == 0 {
			thread = []shown{root}
		}
		list = append(list, thread...)
	}
	return list
}

// shows reports whether a message shows a text.
func (m shown) shows(text string) bool { return strings.Contains(m.Text, text) }

// anyShows reports whether one of several messages shows a text.
func anyShows(list []shown, text string) bool {
	return slices.ContainsFunc(list, func(m shown) bool { return m.shows(text) })
}
