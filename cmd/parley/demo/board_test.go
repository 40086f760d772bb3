package demo

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"parley/cmd/parley/app"
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

// boardView tells what people see.
type boardView interface {
	// channel returns the id of the team's channel, as facts name it.
	channel() string
	// look goes to a channel by its name, which is "support" for the team's. Any other channel is private, and is made with
	// these members when it is first looked at.
	look(name string, members []string)
	// roots returns the channel's own messages, in order.
	roots() []shown
	// thread returns a thread's messages in order, the root first.
	thread(root string) []shown
	// whispers returns the messages in channels that only this person sees.
	whispers(who string) []shown
	// direct returns Parley's direct messages to a person.
	direct(who string) []shown
	// notices returns the messages of which a person was notified.
	notices(who string) []shown
	// forms returns a person's open forms, the topmost one last.
	forms(who string) []form
}

// boardHands does what people do.
type boardHands interface {
	post(who string, u utterance) error
	edit(who, id, text string) error
	remove(who, id string) error
	// restore brings back a message that a person deleted.
	restore(who, id string) error
	react(who, id, emoji string, on bool) error
	press(ctx context.Context, who string, b button) error
	// choose picks an action of a message's menu by its name.
	choose(ctx context.Context, who, action, id string) error
	// search looks for conversations, and returns those that are found.
	search(ctx context.Context, who, words string) ([]shown, error)
	// command gives a command to the app: here, elsewhere, directly, or in the thread with this root.
	command(ctx context.Context, who, where, text string) error
	// submit fills in the topmost form and sends it. refused is the error that the form shows.
	submit(ctx context.Context, who string, f form, values map[string][]string) (refused string, err error)
	// dismiss closes the topmost form without sending it.
	dismiss(ctx context.Context, who string, f form) error
	// attach sends files from the form of a reply, which is the topmost one.
	attach(ctx context.Context, who, text string, files []attached) (refused string, err error)
}

// boardWeather causes trouble on a board.
type boardWeather interface {
	// suffer lets something happen, see surfaceCommand.
	suffer(trouble string, args []string) error
	// calm ends all troubles except those that belong to the variant.
	calm()
}

// boardWires connects Parley with a board.
type boardWires interface {
	// wire sets the options of a Parley that is about to start.
	wire(e *app.Env, o *app.Options)
	// started is called when a Parley runs.
	started(ctx context.Context, address string) error
	// stopped is called when no Parley runs any more.
	stopped()
	// close ends the board, when the story is over.
	close()
	// calls describes Parley's newest calls, to explain why a story fails.
	calls() string
	// connected reports whether so many Parleys get the board's events.
	connected(parleys int) bool
	// pending reports whether a running Parley has yet to get an event.
	pending() bool
}

// The places in which a command can be given.
const (
	here      = "here"
	elsewhere = "elsewhere" // in a channel without Parley
	directly  = "directly"  // alone with Parley
)

// shown is a message as people see it.
type shown struct {
	ID      string
	Thread  string   // id of its root; "" for a root
	Text    string   // its words, also those that only a notice shows
	Body    string   // its words as they are read in its place
	Name    string   // of its author, as it is shown
	Who     string   // the author's name in the scripts; "" means somebody else
	Ours    bool     // Parley wrote it
	Gone    bool     // only a trace is left
	Files   []string // names
	Marks   []string // sent, read, warning, or an emoji
	Buttons []button
}

// button is a button that can be pressed.
type button struct {
	Label string
	at    any // how the board identifies it
}

// form is an open form.
type form struct {
	ID     string
	Title  string
	Text   string   // its words
	Fields []string // names
}

// utterance is what a person writes.
type utterance struct {
	Thread   string // id of the root; "" means in the channel itself
	Text     string // in the format of scripts: {@ben}, {@everyone}, {#random}, **bold**, [label](address)
	Files    []attached
	ToParley bool   // begins with Parley's name, as a mention
	Aloud    bool   // in a thread, and also in the channel
	Me       bool   // a /me
	As       string // who seems to write it: bot, workflow, surface; "" means the person
}

// attached is a file of an utterance.
type attached struct {
	Name      string
	Body      []byte
	Elsewhere bool // stored at another service
}

// errNotHere is the error of a board for a feature that its chat doesn't have.
var errNotHere = errors.New("there is no such thing on this surface; the story says where it is told: surface NAME")

// errNoButton says that a button isn't shown any more.
var errNoButton = errors.New("there is no such button any more")

func notHere(what string) error { return fmt.Errorf("%s: %w", what, errNotHere) }

// cast maps the people of the scripts to their ids.
func cast() map[string]string {
	return map[string]string{"ann": Ann, "ben": Ben, "zoe": Zoe, "gus": gus, "fay": fay}
}

// castName returns the name in the scripts of the person with an id.
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
