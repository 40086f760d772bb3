package inbox

import (
	"crypto/rand"
	"errors"
	"strconv"
	"strings"

	"parley/bot/shape"
	"parley/bot/verb"
	"parley/bot/web"
	"parley/bridge"
)

// The page of one conversation: what was said (see spoken.go), details such as its owner and tags, and the forms by
// which an agent acts on it (see act.go).

// threadPage is what thread.html shows.
type threadPage struct {
	Path    string
	Number  string
	Details []detail
	Said    []shownMessage
	Older   string // the address of older messages; "" if there are none
	Newest  string // on a page of older messages: the address of the newest ones; "" on the page of these
	Live    string // the address of the stream that tells of changes; see streamChanges
	Stamp   string // a digest of what the page shows; see Desk.Stamp

	Form   string         // identifies the forms of this page, so that each counts once
	Seen   bridge.EventID // the newest event that the page shows
	Opened int64          // when the page was read, by Parley's clock: microseconds since 1970
	People []web.Choice
	Teams  []string

	Customer string
	Note     *result // what became of the form that was sent before; nil if there is nothing to say

	standing
	attaching
	mistake
}

// attaching is what the form of a reply shows besides its text: recipients and files.
type attaching struct {
	GoesTo   shownRecipients
	Attach   bool // files may be attached
	Attached []keptFile
	Sure     bool // the reply is shown once more before it leaves
}

// mistake is what is wrong with a form that was sent.
type mistake struct {
	Problem string            // for people
	Wrong   string            // the verb of the form
	Typed   map[string]string // what was typed into it, by field
}

// detail is one line of the list of details, such as "Owner: Ann".
type detail struct {
	Name, Text string
	Head       bool // it is shown even while the list is folded
}

// shownMessage is a message or note of the conversation, with what the page says of it.
type shownMessage struct {
	bridge.SpokenMessage

	Side    string // in, out or note
	Who     string
	When    string
	Exactly string
	Fate    string // what became of it, in words ("On its way"); "" if nothing need be said
	Look    string // its class: good, warn, bad or ""
	Why     string // why it has this fate; "" if nothing need be said
	Shown   []file
	Buttons []button
}

type file struct {
	Path, Name, Size, Missing string
	Picture                   string // the address of a small picture of it; "" if there is none
}

// button does something with a message.
type button struct {
	Verb, Text, Ask string
	Message         bridge.MessageID
	Delivery        bridge.DeliveryID
	Words           string // of the text that Send sends
	Sure            bool
}

func (p pages) showThread(v *web.Visit) error {
	data, f, err := p.readThread(v)
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
	return v.Show("thread", web.Screen{Title: threadTitle(f), Data: data})
}

// useZoneOf makes the page of a conversation show times in the zone in which the engine reads times that are typed
// there. It is the zone that the agent chose, else that of the account's business hours.
func useZoneOf(v *web.Visit, f bridge.Facts) { v.Person.Zone = f.Zone }

// threadTitle returns the name that a conversation was given, else its subject; if it has neither, the customer's name.
func threadTitle(f bridge.Facts) string {
	title := verb.Title(f)
	if isRenamed := title != shape.PartyName(f.Contact); isRenamed {
		return title
	}
	return shape.Or(shape.OneLine(f.Subject, shape.MaxSubjectRunes), title)
}

// readThread reads what the page of a conversation shows.
func (p pages) readThread(v *web.Visit) (threadPage, bridge.Facts, error) {
	ctx, agent := v.Context(), v.Person.ID
	id := bridge.ConversationID(pathNumber(v, "id"))
	stamp, err := p.desk.Stamp(ctx, agent, id) // before the rest is read: what changes in between makes another stamp
	if err != nil {
		return threadPage{}, bridge.Facts{}, err
	}

	f, err := p.desk.Facts(ctx, agent, id)
	if err != nil {
		return threadPage{}, bridge.Facts{}, err
	}

	useZoneOf(v, f)
	before := readPlaceBefore(v)
	spoken, err := p.desk.ReadSpoken(ctx, agent, id, before)
	if err != nil {
		return threadPage{}, bridge.Facts{}, err
	}

	number := strconv.FormatInt(int64(id), 10)
	data := threadPage{
		Path:     "/inbox/" + number,
		Number:   shape.Number(id),
		Details:  detailsOf(v, f),
		Live:     "/inbox/live?conversation=" + number,
		Stamp:    stamp,
		Form:     rand.Text(),
		Opened:   f.Now.UnixMicro(),
		Customer: shape.PartyName(f.Contact),
		standing: standingOf(f, agent),
		mistake:  mistake{Typed: map[string]string{}},
	}

	if !data.Erased {
		addSpoken(v, f, &data, spoken)
	}

	if before != (bridge.SpokenBefore{}) { // people act only where they see the newest messages
		data.Newest = data.Path
		data.Open = false
		data.Ended = false
	}
	if data.Open {
		if err := p.addAttaching(v, f, &data); err != nil {
			return threadPage{}, bridge.Facts{}, err
		}
	}

	people, teams, err := p.desk.People(ctx)
	if err != nil {
		return threadPage{}, bridge.Facts{}, err
	}
	for _, a := range people {
		data.People = append(data.People, web.Choice{Value: "agent:" + a.Email, Text: a.Name})
	}

	data.Teams = teams
	return data, f, nil
}

// addAttaching adds what the form of a reply shows besides its text.
func (p pages) addAttaching(v *web.Visit, f bridge.Facts, data *threadPage) error {
	may, err := p.desk.Attaching(v.Context(), v.Person.ID, f.ID)
	var refused *bridge.Problem
	if err != nil && !errors.As(err, &refused) {
		return err
	}
	data.Attach = may.Files
	if may.Several {
		data.GoesTo = shownRecipientsOf(f.Recipients)
	}
	return nil
}

// readPlaceBefore reads the place in the conversation before which messages are asked for: "EVENT.ID". It returns the zero
// value if the address asks for the newest messages.
func readPlaceBefore(v *web.Visit) bridge.SpokenBefore {
	event, id, _ := strings.Cut(v.Value("before"), ".")
	e, err := strconv.ParseInt(event, 10, 64)
	m, wrong := strconv.ParseInt(id, 10, 64)
	if err != nil || wrong != nil {
		return bridge.SpokenBefore{}
	}
	return bridge.SpokenBefore{Event: bridge.EventID(e), ID: bridge.MessageID(m)}
}

// detailsOf lists the facts of a conversation that the page shows. Those that are empty are left out.
func detailsOf(v *web.Visit, f bridge.Facts) []detail {
	list := []detail{
		{Name: "Customer", Text: shape.Party(f.Contact), Head: true},
		{Name: "By", Text: f.ChannelName + " (" + f.Account.Name + ")", Head: true},
		{Name: "State", Text: stateWords(v, f), Head: true},
	}
	if f.Status != bridge.StatusOpen || len(f.Assignees) > 0 { // the words for an open state say already that nobody owns it
		list = append(list, detail{Name: "Owner", Text: shape.Assignees(f.Assignees), Head: true})
	}

	add := func(name, text string) {
		if text != "" {
			list = append(list, detail{Name: name, Text: text})
		}
	}
	if subject := shape.OneLine(f.Subject, shape.MaxSubjectRunes); subject != threadTitle(f) {
		add("Subject", subject)
	}
	if len(f.To) > 0 {
		add("A reply goes to", shape.AllRecipients(f.Recipients))
	}
	if len(f.Waiting) > 0 {
		add("Gets nothing yet", shape.AllParties(f.Waiting))
	}

	add("Team", f.Team)
	var tags []string
	for _, t := range f.Tags {
		tags = append(tags, t.Name)
	}
	add("Tags", strings.Join(tags, ", "))
	add("Waits since", timeText(v, f.WaitingSince))
	if f.Window.Closed {
		add("Reply window", "closed: a reply is kept until the customer writes")
	} else if !f.Window.Until.IsZero() {
		add("Reply window", "open until "+timeText(v, f.Window.Until))
	}
	if f.Account.Mode != bridge.ModeLive {
		add("Account", string(f.Account.Mode)+": not every reply is sent")
	}
	add("Thread", f.Elsewhere)
	return list
}
