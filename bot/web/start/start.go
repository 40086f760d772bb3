// Package start has the page that leads an admin from an empty Parley to the first customer's mail in a thread, step
// by step: connect a chat, give a team a channel in it, say who answers, add an account to which customers write, and
// wait for the first message.
package start

import (
	"context"
	"embed"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/bot/web"
	"parley/bridge/setup"
)

// Desk is what this page needs. Connect, Roster and Confirm call a chat's servers, with time limits of their own.
type Desk interface {
	// Progress reports what is set up already.
	Progress(ctx context.Context) (Progress, error)

	// SlackManifest describes the app to Slack.
	SlackManifest() ([]byte, error)

	// TeamsPackage makes the app's package for Microsoft Teams. Errors: in words for people.
	TeamsPackage(appID string) ([]byte, error)

	// Connect tries credentials that somebody typed at a chat, and stores them encrypted if they work. Otherwise kept
	// is false, and found says why. version is that of the credentials that were stored when the page was shown; ""
	// if there were none. Errors: setup.ErrStale if somebody else has stored others meanwhile.
	Connect(ctx context.Context, by web.Person, kind, version string, values map[string]string) (kept bool, found []Finding, err error)

	// Disconnect forgets the credentials of a chat that are stored. Errors: as Connect.
	Disconnect(ctx context.Context, by web.Person, kind, version string) error

	// Roster lists who is in a team's channel. Errors: a *web.Problem in words for people; others.
	Roster(ctx context.Context, team, chat string) (Roster, error)

	// Confirm makes the chosen members of a channel agents of the team, and returns how many joined. Errors as Roster.
	Confirm(ctx context.Context, by web.Person, d Decision) (joined int, err error)

	// Save makes a change in somebody's name. Errors: those of setup.Save.
	Save(ctx context.Context, by web.Person, c setup.Change) (setup.Result, error)
}

// Progress is what is set up already.
type Progress struct {
	Chats    []Chat // all chats that Parley supports
	Teams    []Team
	Agents   int     // the number of all agents
	Lost     []Agent // agents who have no user in any chat
	Accounts []Account
	Arrived  bool   // a customer has written
	Endpoint string // where Microsoft sends what is said in Teams; "" if Parley has no public address
}

// Chat is a chat in which agents work: Slack or Microsoft Teams.
type Chat struct {
	Kind, Name string // "slack", "Slack"
	Text, Hint string // what is wrong; "" if nothing is
	Away       string // since when the chat can't be reached, which passes by itself; "" if it can

	Connected bool
	FromEnv   bool      // the credentials come from the environment, which wins over stored ones
	Author    string    // who gave the stored credentials; "" if none are stored
	At        time.Time // when the stored credentials were given
	Version   string    // of the stored credentials; "" if none are stored
	AppID     string    // the id of Teams' app among the stored credentials; it isn't secret
}

// Team is a team.
type Team struct {
	Name    string
	Version string
	Chats   []string // kinds of the chats in which the team has a channel
	Unasked []string // the kinds among Chats in which no admin has confirmed the channel's members yet
}

// HasChannel reports whether the team has a channel in any chat.
func (t Team) HasChannel() bool { return len(t.Chats) > 0 }

// Agent is an agent.
type Agent struct{ Email, Version string }

// Account is where customers write.
type Account struct {
	Name       string
	Address    string // the mailbox's address; "" for accounts that are no mailboxes
	Mode       string
	Team       string // "" if it has none
	HasChannel bool   // it has a channel of its own for its threads, beside its team's
	Paused     bool
}

// Finding is one thing that a test of credentials found.
type Finding struct {
	OK         bool
	What, Text string
	Hint       string
}

const path = "/settings/first-steps"

//go:embed *.html
var templates embed.FS

type pages struct{ desk Desk }

// Area has the page of the first steps.
func Area(desk Desk) web.Area {
	p := pages{desk}
	return web.Area{
		Name:      "start",
		Templates: templates,
		Routes: []web.Route{
			{Pattern: "GET " + path, For: web.Admins, Do: p.show},
			{Pattern: "GET " + path + "/slack-manifest.json", For: web.Admins, Do: p.slackManifest},
			{Pattern: "GET " + path + "/teams-app.zip", For: web.Admins, Do: p.teamsPackage},
			{Pattern: "POST " + path + "/slack", For: web.SuperAdmins, Do: p.connectSlack, Streams: true},
			{Pattern: "POST " + path + "/teams", For: web.SuperAdmins, Do: p.connectTeams, Streams: true},
			{Pattern: "POST " + path + "/disconnect", For: web.SuperAdmins, Do: p.disconnect},
			{Pattern: "GET " + membersPath, For: web.Admins, Do: p.showMembers, Streams: true},
			{Pattern: "POST " + membersPath, For: web.Admins, Do: p.confirm, Streams: true},
			{Pattern: "POST " + path + "/team", For: web.Admins, Do: p.saveTeam},
			{Pattern: "POST " + path + "/agents", For: web.Admins, Do: p.findAgents},
		},
		Menu: []web.Link{{Path: path, Text: "First steps", For: web.Admins, Rank: 5}},
	}
}

// stepsPage is what start.html shows: what is set up, which steps are done, and the forms of the others.
type stepsPage struct {
	Progress

	Path                           string
	ChatDone, TeamDone, PeopleDone bool
	AccountDone                    bool
	Manifest                       string
	Slack, Microsoft               connection
	Team                           web.Form
	Rosters                        []roster
	AppID                          web.Field
	First                          *Account // the last step waits for its first message; nil if none would open a thread
	ChatNames                      string   // the connected chats, for people
	Super                          bool     // the reader may connect chats
}

// readSteps reads what is set up already, and makes the page of it.
func (p pages) readSteps(v *web.Visit) (*stepsPage, error) {
	progress, err := p.desk.Progress(v.Context())
	if err != nil {
		return nil, err
	}

	manifest, err := p.desk.SlackManifest()
	if err != nil {
		return nil, err
	}

	s := &stepsPage{
		Progress:  progress,
		Path:      path,
		Super:     v.Person.Super,
		Manifest:  string(manifest),
		Slack:     slackForm(),
		Microsoft: teamsForm(),
		AppID:     web.Field{Name: "package_id", Label: "Microsoft App ID of the bot's registration", Placeholder: sampleID},
	}

	s.Slack.fill(progress.Chats)
	s.Microsoft.fill(progress.Chats)
	s.AppID.Value = s.Microsoft.AppID
	s.Team = s.teamForm()
	s.addRosters()
	s.checkSteps()
	return s, nil
}

// checkSteps finds out which steps are done.
func (s *stepsPage) checkSteps() {
	var connected []string
	hasFault := false
	for _, c := range s.Chats {
		if c.Connected {
			connected = append(connected, c.Name)
			hasFault = hasFault || c.Text != ""
		}
	}
	s.ChatNames = strings.Join(connected, " and ")
	s.ChatDone = len(connected) > 0 && !hasFault

	s.TeamDone = slices.ContainsFunc(s.Teams, Team.HasChannel)

	areFound := s.Agents > 0 && len(s.Lost) == 0
	hasUnconfirmed := slices.ContainsFunc(s.Rosters, func(r roster) bool { return !r.Confirmed })
	s.PeopleDone = areFound && !hasUnconfirmed

	s.First = s.firstAccount()
	s.AccountDone = s.First != nil
}

// firstAccount returns an account whose messages open threads, if possible a mailbox; nil if there is none.
func (s *stepsPage) firstAccount() *Account {
	var other *Account
	for i := range s.Accounts {
		a := &s.Accounts[i]
		if s.WhyNoThread(*a) != "" {
			continue
		}
		if isMailbox := a.Address != ""; isMailbox {
			return a
		}
		other = a
	}
	return other
}

// WhyNoThread says why what customers write to an account opens no thread; "" if it does.
func (s *stepsPage) WhyNoThread(a Account) string {
	hasHome := func(t Team) bool { return strings.EqualFold(t.Name, a.Team) && t.HasChannel() }
	switch {
	case a.Paused:
		return "It is paused."
	case a.HasChannel || slices.ContainsFunc(s.Teams, hasHome):
		return ""
	case a.Team == "":
		return "It has no team: choose one."
	}
	return "Its team " + a.Team + " has no channel for its threads: give it one."
}

func (s *stepsPage) makeScreen() web.Screen {
	return web.Screen{
		Title: "First steps",
		Help: "From here to the first customer's mail in a thread. " +
			"What is done stays done: you can go away and come back.",
		Data: s,
	}
}

func (p pages) show(v *web.Visit) error {
	s, err := p.readSteps(v)
	if err != nil {
		return err
	}
	return v.Show("start", s.makeScreen())
}

// slackManifest answers with the manifest as a file.
func (p pages) slackManifest(v *web.Visit) error {
	body, err := p.desk.SlackManifest()
	if err != nil {
		return err
	}
	return sendFile(v, "application/json", "parley-slack-manifest.json", body)
}

// teamsPackage answers with the package of the app for Teams as a file.
func (p pages) teamsPackage(v *web.Visit) error {
	body, err := p.desk.TeamsPackage(v.Value("package_id"))
	if refused, ok := errors.AsType[*web.Problem](err); ok {
		return v.Refuse(http.StatusUnprocessableEntity, refused.Text, refused.Hint)
	}
	if err != nil {
		return v.Refuse(http.StatusUnprocessableEntity, "The package can't be made.", err.Error())
	}
	return sendFile(v, "application/zip", "parley-teams.zip", body)
}

func sendFile(v *web.Visit, kind, name string, body []byte) error {
	v.Writer.Header().Set("Content-Type", kind)
	v.Writer.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	_, err := v.Writer.Write(body)
	return err
}

// findAgents looks for agents in the chats by their e-mail addresses, as every save of an agent does.
func (p pages) findAgents(v *web.Visit) error {
	before, err := p.readSteps(v)
	if err != nil {
		return err
	}

	for _, a := range before.Lost {
		_, err := p.desk.Save(v.Context(), v.Person, setup.Change{
			Kind:    setup.EntryAgent,
			Name:    a.Email,
			Version: a.Version,
		})
		var refused *setup.Refused
		staysLost := errors.As(err, &refused) || errors.Is(err, setup.ErrStale) || errors.Is(err, setup.ErrMissing)
		if err != nil && !staysLost {
			return err
		}
	}

	after, err := p.readSteps(v)
	if err != nil {
		return err
	}

	found := len(before.Lost) - len(after.Lost)
	if found == 0 {
		return v.GoWithText(path, "Nobody was found. Are their addresses in the chat the same as here, and may Parley see them there?")
	}

	return v.GoWithText(path, strconv.Itoa(found)+" found.")
}
