package demo

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"parley/bot/teams"
	"parley/bot/teams/teamsfake"
	"parley/channels/emulator"
)

// teamsEmoji are Teams' names of reactions.
// Source: learn.microsoft.com/microsoftteams/platform/agents-in-teams/teams-reactions-reference, read 2026-11.
func teamsEmoji() map[string]string {
	return map[string]string{"👀": "1f440_eyes", "✅": "2705_whiteheavycheckmark", "🦄": "1f984_unicornhead", "⏪": "23ea_fastreversebutton",
		"👋": "1f44b_wavinghand", "⏳": "231b_hourglassdone"}
}

// typed returns a script's text as Teams' composer takes it.
func (b *teamsBoard) typed(text string) string {
	return chips(text, func(kind, name string) string {
		if id := teamsCast()[name]; kind == "@" && id != "" {
			return "<@" + id + ">"
		}
		return kind + name // Teams has such chips, but bots get their names
	})
}

func (b *teamsBoard) as(who string) *teamsfake.Person { return b.fake.As(teamsCast()[who]) }

// The next methods do what people do, see boardHands.

// post writes a message. Where Parley hears only what mentions it, agents who mean the customer mention it.
func (b *teamsBoard) post(who string, u utterance) error {
	if u.Aloud || u.Me {
		return notHere("another guise")
	}

	in := teamsfake.Post{Channel: b.support, Root: u.Thread, Text: b.typed(u.Text)}
	switch u.As {
	case "":
	case "bot", "workflow":
		in.As = "connector"
	case "surface":
		in.As = "nobody"
	default:
		return notHere(u.As)
	}
	for _, f := range u.Files {
		file := teamsfake.NewFile{Name: f.Name, Data: f.Body}
		if f.Elsewhere {
			file.URL = "https://elsewhere.test/" + f.Name
		}
		in.Files = append(in.Files, file)
	}

	// People mention Parley to talk to it, and if it hears only mentions, also to answer the customer.
	switch {
	case u.ToParley:
		in.Text = "<@bot> " + in.Text
	case b.blind && u.Thread != "" && strings.HasPrefix(in.Text, "!"):
		in.Text = "<@bot> " + strings.TrimPrefix(in.Text, "!")
	case b.blind && u.Thread != "" && !inside(in.Text):
		in.Text = "<@bot> reply: " + in.Text
	}
	_, err := b.as(who).Post(in)
	return err
}

// inside reports whether a text isn't meant for the customer.
func inside(text string) bool {
	return strings.HasPrefix(text, "note:") || strings.HasPrefix(text, "//") || strings.HasPrefix(text, "<@")
}

func (b *teamsBoard) edit(who, id, text string) error {
	text = b.typed(text)
	if m := b.fake.Message(b.support, id); b.blind && m != nil && len(m.Mentions) > 0 && m.Mentions[0].Bot && !inside(text) {
		text = "<@bot> reply: " + text
	}
	return b.as(who).Edit(b.support, id, text)
}

func (b *teamsBoard) remove(who, id string) error { return b.as(who).Delete(b.support, id) }

func (b *teamsBoard) restore(who, id string) error { return b.as(who).Undelete(b.support, id) }

func (b *teamsBoard) search(ctx context.Context, who, words string) ([]shown, error) {
	out, err := b.as(who).Search(ctx, b.support, "", teams.CommandFind, words)
	if err = b.happened(who, out, err); err != nil {
		return nil, err
	}
	var list []shown
	for _, r := range out.Results {
		list = append(list, shown{Text: cardWords(r.Card) + "\n" + cardWords(r.Preview)})
	}
	return list, nil
}

func (b *teamsBoard) react(who, id, emoji string, on bool) error {
	name := teamsEmoji()[emoji]
	if name == "" {
		return fmt.Errorf("%s: Teams' name of this emoji is not known here", emoji)
	}
	if on {
		return b.as(who).React(b.support, id, name)
	}
	return b.as(who).Unreact(b.support, id, name)
}

func (b *teamsBoard) press(ctx context.Context, who string, at button) error {
	place := at.at.(teamsPlace)
	out, err := b.as(who).Click(ctx, place.channel, place.message, place.name, nil)
	if err != nil && strings.Contains(err.Error(), "no button") { // the card has changed
		err = errNoButton
	}
	return b.happened(who, out, err)
}

// happened keeps a text that Teams' client shows for a moment, and returns an error if the client shows one.
func (b *teamsBoard) happened(who string, out *teamsfake.Outcome, err error) error {
	if err != nil {
		return err
	}
	if out.Message != "" {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.passing[who] = append(b.passing[who], shown{Text: out.Message, Body: out.Message, Ours: true})
	} else if out.Error != "" {
		err = fmt.Errorf("teams: %s %s", out.Error, out.Response)
	}
	return err
}

func (b *teamsBoard) choose(ctx context.Context, who, action, id string) error {
	out, err := b.as(who).MessageAction(ctx, b.support, id, action+"FromMessage")
	return b.happened(who, out, err)
}

// command writes to Parley in private. A form opens only from a command of the app, which also begins with a slash.
func (b *teamsBoard) command(ctx context.Context, who, where, text string) (err error) {
	channel, root := map[string]string{here: b.support, elsewhere: TeamsRandom, directly: ""}[where], ""
	if where != here && where != elsewhere && where != directly {
		channel, root = b.support, where
	}
	switch {
	case text == "new":
		out, err := b.as(who).Compose(ctx, channel, root, teams.CommandNew)
		return b.happened(who, out, err)
	case where == directly:
		_, err = b.as(who).Say(text)
	default:
		_, err = b.as(who).Private(channel, root, text)
	}
	return err
}

func (b *teamsBoard) submit(ctx context.Context, who string, _ form, values map[string][]string) (refused string, err error) {
	d := b.fake.Dialog(teamsCast()[who])
	if d == nil {
		return "", teamsfake.ErrNoDialog
	}

	inputs := teamsfake.Inputs{}
	visitCard(d.Card, func(_ string, o map[string]any) {
		kind, _ := o["type"].(string)
		id, _ := o["id"].(string)
		if _, name, ok := strings.Cut(id, ":"); ok && strings.HasPrefix(kind, "Input.") && values[name] != nil {
			inputs[id] = strings.Join(values[name], ",")
		}
	})

	out, err := b.as(who).Submit(ctx, "", inputs)
	if errors.Is(err, teamsfake.ErrInvalid) {
		return err.Error(), nil
	}
	if err = b.happened(who, out, err); err != nil {
		return "", err
	}
	if out.Dialog != nil && out.Dialog.Title == d.Title && strings.Contains(string(out.Dialog.Card), errorMark) {
		refused = cardWords(out.Dialog.Card)
	}
	return refused, nil
}

func (b *teamsBoard) dismiss(_ context.Context, who string, _ form) error {
	return b.as(who).CloseDialog()
}

// attach sends files from the page that the form of a reply opens, as a browser does.
func (b *teamsBoard) attach(ctx context.Context, who, text string, files []attached) (refused string, err error) {
	out, err := b.as(who).Submit(ctx, "Attach files…", teamsfake.Inputs{"t:text": text})
	if err = b.happened(who, out, err); err != nil {
		return "", err
	}
	if out.Dialog == nil || out.Dialog.URL == "" {
		return "", errors.New("teams: no page opens")
	}
	address, typed, _ := strings.Cut(out.Dialog.URL, "#")
	if typed, err = url.PathUnescape(typed); err != nil || typed != text {
		return "", fmt.Errorf("teams: the page begins with %q: %w", typed, err)
	}
	refused, err = sendForm(ctx, address, typed, files)
	if refused != "" || err != nil {
		return refused, err
	}
	out, err = b.as(who).Complete(ctx, map[string]bool{"uploaded": true})
	return "", b.happened(who, out, err)
}

// sendForm sends the form of the page for files. refused is the error that the page shows.
func sendForm(ctx context.Context, address, text string, files []attached) (refused string, err error) {
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	faults := []error{w.WriteField("text", text)}
	for _, f := range files {
		part, err := w.CreateFormFile("file", f.Name)
		if err == nil {
			_, err = part.Write(f.Body)
		}
		faults = append(faults, err)
	}
	if err := errors.Join(append(faults, w.Close())...); err != nil {
		return "", err
	}

	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, &body)
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", w.FormDataContentType())
	answer, err := emulator.NewClient().Do(r)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close() //nolint:errcheck // read already
	page, err := io.ReadAll(answer.Body)
	if answer.StatusCode == http.StatusOK || err != nil {
		return "", err
	}
	_, refused, _ = strings.Cut(string(page), `role="alert">`)
	refused, _, _ = strings.Cut(refused, "<")
	return cmp.Or(refused, answer.Status), nil
}

// errorMark is in a dialog that was submitted and refused: the explanation of the error is red.
const errorMark = `"color":"Attention"`

// The next methods cause trouble, see boardWeather.

func (b *teamsBoard) calm() {
	b.fake.ClearFaults()
	if b.twice {
		b.fake.Inject(teamsfake.Fault{Method: "event:*", Kind: teamsfake.FaultDuplicate})
	}
}

func (b *teamsBoard) suffer(trouble string, args []string) error {
	switch trouble {
	case "disconnects":
		b.fake.Inject(teamsfake.Fault{Method: "event:*", Kind: teamsfake.FaultLose})
	case "vanishes":
		b.fake.Inject(teamsfake.Fault{Method: "*", Kind: teamsfake.FaultHTTP})
		return b.suffer("disconnects", nil)
	case "fails":
		return b.failCalls(args[0], args[1])
	case "repeats":
		b.fake.Inject(teamsfake.Fault{Method: "event:*", Kind: teamsfake.FaultDuplicate})
	case "reorders":
		b.fake.Inject(teamsfake.Fault{Method: "event:message*", Kind: teamsfake.FaultReorder, Times: 1})
	default:
		return b.manage(trouble, args)
	}
	return nil
}

// failCalls makes the next posts fail.
func (b *teamsBoard) failCalls(kind, times string) error {
	n, err := strconv.Atoi(times)
	f := teamsfake.Fault{Method: "activities.send", Times: n}
	switch kind {
	case "slow-down":
		f.Kind, f.Retry = teamsfake.FaultRateLimit, 1
	case "slow-down-untold":
		f.Kind = teamsfake.FaultBareLimit
	case "slow-down-politely": // Teams has another status for it
		f.Kind, f.Status, f.Code = teamsfake.FaultHTTP, 412, "PreconditionFailed"
	case "broken":
		f.Kind = teamsfake.FaultHTTP
	case "broken-after":
		f.Kind, f.After = teamsfake.FaultHTTP, true
	case "cut-after":
		f.Kind, f.After = teamsfake.FaultDrop, true
	case "blank":
		f.Kind = teamsfake.FaultGarbage
	default:
		return notHere(kind)
	}

	b.fake.Inject(f)
	f.Method = "conversations.create"
	b.fake.Inject(f)
	return err
}

func (b *teamsBoard) look(name string, members []string) {
	b.support = TeamsSupport
	if name == "support" {
		return
	}
	for _, c := range b.fake.Channels() {
		if b.support = c.ID; c.Name == name {
			return
		}
	}
	var ids []string
	for _, who := range members {
		ids = append(ids, teamsCast()[who])
	}
	b.support = b.fake.Admin.AddChannel(teamsfake.Channel{Team: TeamsTeam, Name: name, Kind: teamsfake.KindPrivate, Members: ids,
		Added: true}).ID
}

// manage does what administrators do, such as deleting a channel.
func (b *teamsBoard) manage(what string, args []string) error {
	switch what {
	case "archives", "unarchives":
		return b.fake.Admin.ArchiveTeam(TeamsTeam, what == "archives")
	case "deletes":
		return b.fake.Admin.DeleteChannel(b.support)
	case "restores":
		return b.fake.Admin.RestoreChannel(b.support)
	case "removes":
		return b.fake.Admin.Erase(b.support, args[0])
	case "withholds": // the permissions for files
		b.fake.Entra.Permit(slices.DeleteFunc(teamsfake.AllPermissions(), func(p string) bool {
			return p == teamsfake.PermitFilesRead || p == teamsfake.PermitFilesWrite
		})...)
		return nil
	}
	return notHere(what)
}
