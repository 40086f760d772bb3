package demo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"parley/bot/slack/slackfake"
)

var (
	markdownBold = regexp.MustCompile(`\*\*(.+?)\*\*`)
	markdownLink = regexp.MustCompile(`\[([^\]]+)\]\((https?:[^)]+)\)`)
)

// slackEmoji maps emoji to the names that Slack's client writes for them.
func slackEmoji() map[string]string {
	return map[string]string{
		"👀": "eyes",
		"✅": "white_check_mark",
		"🦄": "unicorn_face",
		"⏪": "rewind",
		"👋": "wave",
		"⏳": "hourglass_flowing_sand",
	}
}

// typed returns a script's text as Slack's composer takes it.
func (b *slackBoard) typed(text string) string {
	text = chips(text, func(kind, name string) string {
		switch {
		case name == "everyone":
			return "<!channel>"
		case kind == "#":
			return "<#" + map[string]string{"random": Random, "support": b.support}[name] + ">"
		}
		return "<@" + cast()[name] + ">"
	})
	text = markdownLink.ReplaceAllString(text, "<$2|$1>")
	text = markdownBold.ReplaceAllString(text, "*$1*")
	for sign, name := range slackEmoji() {
		text = strings.ReplaceAll(text, sign, ":"+name+":")
	}
	return text
}

func (b *slackBoard) as(who string) *slackfake.Person { return b.fake.As(cast()[who]) }

// The next methods do what people do, see boardHands.

func (b *slackBoard) post(who string, u utterance) error {
	in := slackfake.Post{Channel: b.support, Thread: u.Thread, Text: b.typed(u.Text), Broadcast: u.Aloud, Me: u.Me, As: u.As}
	if u.As == "surface" {
		in.As = "slackbot"
	}
	if u.ToParley {
		in.Text = "<@" + b.fake.BotUserID() + "> " + in.Text
	}
	for _, f := range u.Files {
		file := slackfake.NewFile{Name: f.Name, Data: f.Body}
		if f.Elsewhere {
			file.Mode, file.ExternalURL = "external", "https://elsewhere.test/"+f.Name
		}
		in.Files = append(in.Files, file)
	}
	_, err := b.as(who).Post(in)
	return err
}

func (b *slackBoard) edit(who, id, text string) error {
	return b.as(who).Edit(b.support, id, b.typed(text))
}

func (b *slackBoard) remove(who, id string) error { return b.as(who).Delete(b.support, id) }

func (b *slackBoard) react(who, id, emoji string, on bool) error {
	name := slackEmoji()[emoji]
	if name == "" {
		return fmt.Errorf("%s: Slack's name of this emoji is not known here", emoji)
	}
	if on {
		return b.as(who).React(b.support, id, name)
	}
	return b.as(who).Unreact(b.support, id, name)
}

func (b *slackBoard) press(ctx context.Context, who string, at button) error {
	place := at.at.(slackPlace)
	return answered(b.as(who).Click(ctx, place.at, place.action))
}

func (b *slackBoard) choose(ctx context.Context, who, action, id string) error {
	return answered(b.as(who).Shortcut(ctx, "conv_"+action, b.support, id))
}

func (b *slackBoard) command(ctx context.Context, who, where, text string) error {
	p := b.as(who)
	in := map[string]string{here: b.support, elsewhere: Random, directly: b.fake.DM(p.ID())}[where]
	if in == "" {
		return notHere("a command in a thread")
	}
	return answered(p.Command(ctx, in, "/parley", text))
}

// answered returns the error that Slack's client would show.
func answered(out *slackfake.Outcome, err error) error {
	if err != nil {
		return err
	}
	if wrong := cmp.Or(out.Error, out.ViewError); wrong != "" {
		return errors.New(wrong)
	}
	return nil
}

func (b *slackBoard) submit(ctx context.Context, who string, f form, values map[string][]string) (refused string, err error) {
	fields := map[string][]string{}
	for name, value := range values {
		fields["f:"+name+"/v"] = value
	}
	out, err := b.as(who).Submit(ctx, f.ID, fields)
	if err = answered(out, err); err == nil && len(out.Errors) > 0 {
		refused = fmt.Sprint(out.Errors)
	}
	return refused, err
}

func (b *slackBoard) dismiss(ctx context.Context, who string, f form) error {
	return answered(b.as(who).CloseView(ctx, f.ID, false))
}

// Slack offers none of the following.

func (b *slackBoard) restore(_, _ string) error { return notHere("to bring back a message") }

func (b *slackBoard) attach(context.Context, string, string, []attached) (string, error) {
	return "", notHere("a form with files")
}

func (b *slackBoard) search(context.Context, string, string) ([]shown, error) {
	return nil, notHere("to search")
}

// The next methods cause trouble, see boardWeather.

func (b *slackBoard) calm() {
	b.fake.ClearFaults()
	if b.twice {
		b.fake.Inject(slackfake.Fault{Method: "event:*", Kind: slackfake.FaultDuplicate})
	}
}

func (b *slackBoard) suffer(trouble string, args []string) error {
	switch trouble {
	case "disconnects":
		b.fake.Inject(slackfake.Fault{Method: "apps.connections.open", Kind: slackfake.FaultHTTP})
		b.fake.Inject(slackfake.Fault{Method: "event:*", Kind: slackfake.FaultLose})
		b.fake.Sockets.Drop()
	case "vanishes":
		b.fake.Inject(slackfake.Fault{Method: "*", Kind: slackfake.FaultHTTP})
		return b.suffer("disconnects", nil)
	case "fails":
		return b.failCalls(args[0], args[1])
	case "repeats":
		b.fake.Inject(slackfake.Fault{Method: "event:*", Kind: slackfake.FaultDuplicate})
	case "reorders":
		b.fake.Inject(slackfake.Fault{Method: "event:message.*", Kind: slackfake.FaultReorder, Times: 1})
	case "removes":
		return b.fake.As(Owner).Delete(b.support, args[0])
	case "archives", "unarchives":
		return b.fake.Admin.ArchiveChannel(b.support, trouble == "archives")
	default:
		return notHere(trouble)
	}
	return nil
}

// failCalls makes the next posts fail.
func (b *slackBoard) failCalls(kind, times string) error {
	n, err := strconv.Atoi(times)
	f := slackfake.Fault{Method: "chat.postMessage", Times: n}
	switch kind {
	case "slow-down":
		f.Kind, f.Retry = slackfake.FaultRateLimit, 1
	case "slow-down-untold":
		f.Kind = slackfake.FaultBareLimit
	case "slow-down-politely":
		f.Kind, f.Error = slackfake.FaultLimitBody, "rate_limited"
	case "broken":
		f.Kind = slackfake.FaultHTTP
	case "broken-after":
		f.Kind, f.After = slackfake.FaultHTTP, true
	case "cut-after":
		f.Kind, f.After = slackfake.FaultDrop, true
	case "blank":
		f.Kind = slackfake.FaultBlank
	default:
		return notHere(kind)
	}
	b.fake.Inject(f)
	return err
}

func (b *slackBoard) look(name string, members []string) {
	b.support = Support
	if name == "support" {
		return
	}
	for _, c := range b.fake.Channels() {
		if b.support = c.ID; c.Name == name {
			return
		}
	}
	ids := []string{b.fake.BotUserID()}
	for _, who := range members {
		ids = append(ids, cast()[who])
	}
	b.support = b.fake.Admin.AddChannel(slackfake.Channel{Name: name, Private: true, Members: ids}).ID
}
