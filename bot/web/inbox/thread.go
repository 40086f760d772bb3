package inbox

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"parley/bot/shape"
	"parley/bot/view"
	"parley/bot/web"
	"parley/bridge"
	"parley/channels"
)

// threadPage is what the page of a conversation shows.
type threadPage struct {
	Path    string
	Number  string
	Details []detail
	Said    []said
	Older   string // the address of what was said before; "" = nothing was
	Newest  string // on a page of older messages: the address of the newest; "" = this is it
	Live    string
	Stamp   string

	Form   string // names the forms as they were opened
	Seen   bridge.EventID
	Open   bool // it is not over
	Ended  bool // it is resolved, and can be opened again
	Mine   bool
	Asleep bool
	People []web.Choice
	Teams  []string

	Customer string
	Note     *result // what became of what was handed in

	attaching
	mistake
}

// attaching is what the form of a reply shows besides its text: recipients and files.
type attaching struct {
	GoesTo   goesTo
	Attach   bool // files may be attached
	Attached []attached
	Sure     bool // the reply is shown once more before it leaves
}

// mistake is what is wrong with a form that was handed in.
type mistake struct {
	Problem string            // for people
	Wrong   string            // the verb of the form
	Typed   map[string]string // what was typed into it, by field
}

// detail is a fact of the conversation.
type detail struct {
	Name, Text string
	Head       bool // it is shown while the list is folded, too
}

// said is a message.
type said struct {
	bridge.Spoken

	Side    string // in, out or note
	Who     string
	When    string
	Exactly string
	Fate    string // in words; "" = it needs none
	Look    string // good, warn, bad or ""
	Why     string
	Shown   []file
	Buttons []button
}

type file struct {
	Path, Name, Size, Missing string
	Picture                   string // the address of a small picture of it; "" = there is none
}

// button does something with a message.
type button struct {
	Verb, Text, Ask string
	Message         bridge.MessageID
	Delivery        bridge.DeliveryID
	Words           string // of the text that Send sends
	Sure            bool
}

// result is what became of an act.
type result struct{ Text, Look string }

// thread shows a conversation.
func (p pages) thread(v *web.Visit) error {
	data, f, err := p.page(v)
	if err != nil {
		return refuse(v, err)
	}
	if name := v.Value("act"); name != "" {
		done, err := p.desk.Result(v.Context(), v.Person.ID, f.ID, name)
		if err != nil {
			return refuse(v, err)
		}
		data.Note = resultOf(done)
	}
	return v.Show("thread", web.Screen{Title: title(f), Data: data})
}

// title is the subject, or who wrote.
func title(f bridge.Facts) string {
	if s := shape.OneLine(f.Subject, shape.MaxSubjectRunes); s != "" {
		return s
	}
	return shape.PartyName(f.Contact)
}

func resultOf(r bridge.ActResult) *result {
	switch r.State {
	case bridge.ActWaits:
		return &result{"That is taken, and will be done in a moment.", "warn"}
	case bridge.ActRefused:
		return &result{"That was not done. " + r.Why, "bad"}
	case bridge.ActStuck:
		return &result{"That can't be done just now. It is kept: an admin finds it in quarantine.", "bad"}
	case bridge.ActDone, bridge.ActUnknown:
	}
	return nil
}

// page reads what the page of a conversation shows.
func (p pages) page(v *web.Visit) (threadPage, bridge.Facts, error) {
	id, ctx, agent := bridge.ConversationID(number(v, "id")), v.Context(), v.Person.ID
	stamp, err := p.desk.Stamp(ctx, agent, id) // before the rest: what changes in between is shown again
	if err != nil {
		return threadPage{}, bridge.Facts{}, err
	}
	f, err := p.desk.Facts(ctx, agent, id)
	if err != nil {
		return threadPage{}, f, err
	}
	before := beforeOf(v)
	spoken, err := p.desk.Spoken(ctx, agent, id, before)
	if err != nil {
		return threadPage{}, f, err
	}
	path := "/inbox/" + strconv.FormatInt(int64(id), 10)
	data := threadPage{Path: path, Number: shape.Number(id), Details: detailsOf(v, f), Live: "/inbox/live?conversation=" + strconv.FormatInt(int64(id), 10), Stamp: stamp,
		Form: rand.Text(), Open: f.Status.Open() && !f.Automatic, Ended: f.Status == bridge.StatusResolved, Mine: shape.HeldBy(f, bridge.AgentRef{ID: agent}),
		Asleep: f.Status == bridge.StatusSnoozed, Customer: shape.PartyName(f.Contact), mistake: mistake{Typed: map[string]string{}}}
	for i := range spoken.List {
		data.Said = append(data.Said, saidOf(v, f, path, &spoken.List[i]))
		data.Seen = max(data.Seen, spoken.List[i].Event)
	}
	if spoken.Older {
		first := spoken.List[0]
		data.Older = fmt.Sprintf("%s?before=%d.%d", path, first.Event, first.ID)
	}
	if before != (bridge.SpokenBefore{}) {
		data.Newest, data.Open, data.Ended = path, false, false // what is done, is done in sight of the newest
	}
	if data.Open {
		var refused *bridge.Problem
		may, err := p.desk.Attaching(ctx, agent, id)
		if err != nil && !errors.As(err, &refused) {
			return data, f, err
		}
		data.Attach = may.Files
		if may.Several {
			data.GoesTo = goesToOf(f.Recipients)
		}
	}
	people, teams, err := p.desk.People(ctx)
	for _, a := range people {
		data.People = append(data.People, web.Choice{Value: "agent:" + a.Email, Text: a.Name})
	}
	data.Teams = teams
	return data, f, err
}

// beforeOf reads up to where an address asks for messages: "EVENT.ID".
func beforeOf(v *web.Visit) bridge.SpokenBefore {
	event, id, _ := strings.Cut(v.Value("before"), ".")
	e, err := strconv.ParseInt(event, 10, 64)
	m, wrong := strconv.ParseInt(id, 10, 64)
	if err != nil || wrong != nil {
		return bridge.SpokenBefore{}
	}
	return bridge.SpokenBefore{Event: bridge.EventID(e), ID: bridge.MessageID(m)}
}

func detailsOf(v *web.Visit, f bridge.Facts) []detail {
	list := []detail{{"Customer", shape.Party(f.Contact), true}, {"By", f.ChannelName + " (" + f.Account.Name + ")", true}, {"State", shape.StatusWords(f), true}}
	if f.Status != bridge.StatusOpen || len(f.Assignees) > 0 { // the state of an open one says that nobody has it
		list = append(list, detail{"Owner", shape.Assignees(f.Assignees), true})
	}
	add := func(name, text string) {
		if text != "" {
			list = append(list, detail{Name: name, Text: text})
		}
	}
	if len(f.To) > 0 {
		add("A reply goes to", shape.Recipients(f.Recipients))
	}
	if len(f.Waiting) > 0 {
		add("Gets nothing yet", shape.Parties(f.Waiting))
	}
	add("Team", f.Team)
	var tags []string
	for _, t := range f.Tags {
		tags = append(tags, t.Name)
	}
	add("Tags", strings.Join(tags, ", "))
	add("Snoozed until", clock(v, f.SnoozedUntil))
	add("Waits since", clock(v, f.WaitingSince))
	switch {
	case f.Window.Closed:
		add("Reply window", "closed: a reply is kept until the customer writes")
	case !f.Window.Until.IsZero():
		add("Reply window", "open until "+clock(v, f.Window.Until))
	}
	if f.Account.Mode != bridge.ModeLive {
		add("Account", string(f.Account.Mode)+": not every reply is sent")
	}
	add("Thread", f.Elsewhere)
	return list
}

func saidOf(v *web.Visit, f bridge.Facts, path string, s *bridge.Spoken) said {
	m := said{Spoken: *s, Side: string(s.Direction), Who: s.Author, When: clock(v, s.At), Exactly: s.At.In(v.Now().Location()).Format(time.RFC3339)}
	if m.Who == "" {
		m.Who = "Somebody"
		if m.Side == "in" {
			m.Who = shape.PartyName(f.Contact)
		}
	}
	m.Fate, m.Look = fateWords(v, s)
	switch fate := string(s.Fate); fate {
	case "ask", "inside", "parked", "failed", "unclear":
		if s.Reason != "note" { // its fate says so
			m.Why = view.ReasonWords(s.Reason, f)
		}
	case "waiting":
		switch m.Why = s.Trouble; {
		case s.Unread:
			m.Why = "It was typed in a chat that can't be read just now, so nobody can see whether it was changed or deleted there. It leaves when the chat is back, and what is written after it follows."
		case s.Behind != "":
			m.Why = "It leaves after the reply of " + s.Behind + " above, which waits for the chat. Let that one go, or take it back."
		}
	}
	for _, one := range s.Files {
		shown := file{Name: shape.Or(shape.OneLine(one.Name, shape.MaxNameRunes), "unnamed file"), Size: channels.SizeWords(one.SizeBytes), Missing: one.Missing}
		if one.Readable {
			shown.Path = fmt.Sprintf("%s/files/%d/%d", path, s.ID, one.Index)
			if one.Picture && one.SizeBytes <= pictureBytes {
				shown.Picture = fmt.Sprintf("%s/pictures/%d/%d", path, s.ID, one.Index)
			}
		}
		m.Shown = append(m.Shown, shown)
	}
	for _, verb := range s.Verbs {
		m.Buttons = append(m.Buttons, buttonOf(v, s, verb, shape.PartyName(f.Contact)))
	}
	return m
}

// fateWords say what became of a message.
func fateWords(v *web.Visit, s *bridge.Spoken) (words, look string) {
	switch string(s.Fate) {
	case "inside":
		if s.Reason == "note" {
			return "Note", ""
		}
		return "Stayed inside", ""
	case "ask":
		return "Not sent yet", "warn"
	case "waiting":
		if s.Until.After(v.Now()) {
			return "Leaves at " + s.Until.In(v.Now().Location()).Format("15:04:05"), "warn"
		}
		return "On its way", "warn"
	case "out":
		return map[bridge.OutcomeState]string{bridge.OutcomeDelivered: "Delivered", bridge.OutcomeRead: "Read"}[s.Receipt] + sentUnless(s.Receipt), "good"
	case "failed":
		return "Not delivered", "bad"
	case "unclear":
		return "Nobody knows whether it arrived", "bad"
	case "parked":
		return "Kept for later", "warn"
	case "undone":
		return "Taken back", ""
	case "dropped":
		return "Given up", ""
	}
	return "", ""
}

func sentUnless(receipt bridge.OutcomeState) string {
	if receipt == bridge.OutcomeDelivered || receipt == bridge.OutcomeRead {
		return ""
	}
	return "Sent"
}

func buttonOf(v *web.Visit, s *bridge.Spoken, verb bridge.Verb, customer string) button {
	b := button{Verb: string(verb), Message: s.ID, Delivery: s.Delivery}
	switch verb {
	case bridge.VerbUndo:
		b.Text = "Take back"
	case bridge.VerbSend:
		b.Text, b.Words = "Send to "+customer, s.Words
		if s.Unread {
			b.Text, b.Ask = "Send it as it stands", "Send it to "+customer+" as it stands here, whatever was changed in the chat?"
		}
		if s.Agent != v.Person.ID { // the customer gets it as its author's
			if b.Sure = true; !s.Unread {
				b.Text = "Send as " + s.Author
			}
			b.Ask = strings.TrimSpace(b.Ask + " " + shape.SendAsQuestion(s.Author, customer))
		}
	case bridge.VerbKeep:
		b.Text = "Keep inside"
	case bridge.VerbDrop:
		b.Text = "Don't send"
	case bridge.VerbSendAgain:
		b.Text, b.Ask = "Send again", "Send it again? If it did arrive, "+customer+" gets it twice."
	case bridge.VerbMarkSent:
		b.Text = "Mark as sent"
	default:
		b.Text = string(verb)
	}
	return b
}
