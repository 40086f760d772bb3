package settings

import (
	"context"

	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/bot/web"
	"parley/bridge/setup"
)

// StartDesk is the backend of this page. Connect, Roster and Confirm call a chat's servers, with time limits of their own.
type StartDesk interface {
	// Progress returns what is set up so far.
	Progress(ctx context.Context) (Progress, error)

	// SlackManifest returns the manifest with which an admin creates the app in Slack.
	SlackManifest() ([]byte, error)

	// TeamsPackage returns the app's package for Microsoft Teams. Errors have texts for the admin.
	TeamsPackage(appID string) ([]byte, error)

	// Connect tests credentials at a chat's servers, and stores them encrypted if they work. Otherwise kept is false, and
	// found says why. version is Chat.Version of the page. It returns setup.ErrStale if other credentials have been stored
	// since.
	Connect(ctx context.Context, by web.Person, kind, version string, values map[string]string) (kept bool, found []StartFinding, err error)

	// Disconnect deletes the stored credentials of a chat. It returns setup.ErrStale like Connect.
	Disconnect(ctx context.Context, by web.Person, kind, version string) error

	// Roster returns the members of a team's channel. It returns *web.Problem if the chat doesn't allow it.
	Roster(ctx context.Context, team, chat string) (Roster, error)

	// Confirm makes the chosen members agents of the team, and returns how many joined. It returns *web.Problem if the
	// decision is outdated, and *Retry if it may be changed or sent again.
	Confirm(ctx context.Context, by web.Person, d StartDecision) (joined int, err error)

	// ChatChannels returns the names of the channels of a chat that Parley can see; none if it doesn't know.
	ChatChannels(ctx context.Context, chat string) []string

	// Save stores a change and logs who made it. It returns the errors of setup.Save.
	Save(ctx context.Context, by web.Person, c setup.Change) (setup.Result, error)
}

// Progress is what is set up so far.
type Progress struct {
	Chats    []Chat // all chats that Parley supports
	Teams    []Team
	Agents   int     // the number of agents
	Lost     []Agent // agents who were found in no chat
	Accounts []Account
	Arrived  bool   // a customer has written
	Endpoint string // the URL to which Microsoft sends the bot's messages; "" if Parley has no public URL
}

// Chat is a chat in which agents work: Slack or Microsoft Teams.
type Chat struct {
	Kind, Name string // "slack", "Slack"
	Text, Hint string // what is wrong; "" if nothing is
	Away       string // since when the chat is temporarily unreachable; "" if it is reachable

	Connected bool
	FromEnv   bool      // the credentials come from the environment, which takes precedence over stored ones
	Author    string    // who entered the stored credentials; "" if none are stored
	At        time.Time // when the stored credentials were entered
	Version   string    // the version of the stored credentials; "" if none are stored
	AppID     string    // of Teams: the app id from the stored credentials, which isn't secret
}

// Team is a team of agents.
type Team struct {
	Name    string
	Version string
	Chats   []string // kinds of the chats in which the team has a channel
	Unasked []string // those of Chats in which no admin has confirmed the channel's members yet
}

// HasChannel reports whether the team has a channel in any chat.
func (t Team) HasChannel() bool { return len(t.Chats) > 0 }

// Agent identifies an agent's entry in the configuration.
type Agent struct{ Email, Version string }

// Account is an account to which customers write.
type Account struct {
	Name       string
	Address    string // of mailboxes; "" for other accounts
	Mode       string
	Team       string // "" if it has none
	HasChannel bool   // its threads open in a channel of its own instead of its team's
	Paused     bool
}

// Path returns the path of the account's page.
func (a Account) Path() string { return accountPath(a.Name) }

// StartFinding is a result of testing credentials.
type StartFinding struct {
	OK         bool
	What, Text string
	Hint       string
}

const startPath = "/settings/first-steps"

type startPages struct{ desk StartDesk }

// StartArea returns the area of the first steps.
func StartArea(desk StartDesk) web.Area {
	p := startPages{desk}
	return web.Area{
		Name:      "start",
		Templates: templates,
		Routes: []web.Route{
			{Pattern: "GET " + startPath, For: web.Admins, Do: p.show},
			{Pattern: "GET " + startPath + "/slack-manifest.json", For: web.Admins, Do: p.slackManifest},
			{Pattern: "GET " + startPath + "/teams-app.zip", For: web.Admins, Do: p.teamsPackage},
			{Pattern: "POST " + startPath + "/slack", For: web.SuperAdmins, Do: p.connectSlack, Streams: true},
			{Pattern: "POST " + startPath + "/teams", For: web.SuperAdmins, Do: p.connectTeams, Streams: true},
			{Pattern: "POST " + startPath + "/disconnect", For: web.SuperAdmins, Do: p.disconnect},
			{Pattern: "GET " + membersPath, For: web.Admins, Do: p.showMembers, Streams: true},
			{Pattern: "POST " + membersPath, For: web.Admins, Do: p.confirm, Streams: true},
			{Pattern: "POST " + startPath + "/team", For: web.Admins, Do: p.saveTeam},
			{Pattern: "POST " + startPath + "/agents", For: web.Admins, Do: p.findAgents},
		},
	}
}

// stepsPage is the template data of start.html: what is set up, which steps are done, and the forms of the steps.
type stepsPage struct {
	Progress

	Path                           string
	ChatDone, TeamDone, PeopleDone bool
	AccountDone                    bool
	Manifest                       string // for Slack
	Slack, Microsoft               connection
	Team, Mailbox                  web.Form
	Rosters                        []rosterLink
	AppID                          web.Field
	First                          *Account // the account for a first message; nil if messages to none would open a thread
	ChatNames                      string   // the connected chats: "Slack and Microsoft Teams"
	Super                          bool     // the viewer may connect chats
}

// readSteps returns the page with the current progress.
func (p startPages) readSteps(v *web.Visit) (*stepsPage, error) {
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
		Path:      startPath,
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
	for _, c := range s.Chats {
		if channel := findField(&s.Team, "channel"); c.Connected && !slices.ContainsFunc(s.Teams, Team.HasChannel) {
			channel.Offers = append(channel.Offers, p.desk.ChatChannels(v.Context(), c.Kind)...)
		}
	}
	var teams []string
	for _, t := range s.Teams {
		teams = append(teams, t.Name)
	}
	s.Mailbox = mailboxForm(teams)
	s.addRosters()
	s.checkSteps()
	return s, nil
}

// checkSteps sets which steps are done.
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
	hasUnconfirmed := slices.ContainsFunc(s.Rosters, func(r rosterLink) bool { return !r.Confirmed })
	s.PeopleDone = areFound && !hasUnconfirmed

	s.First = s.firstAccount()
	s.AccountDone = s.First != nil
}

// firstAccount returns an account whose messages open threads, preferably a mailbox; nil if there is none.
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

// WhyNoThread returns the reason why messages to an account open no threads, as text for the page; "" if they do.
func (s *stepsPage) WhyNoThread(a Account) string {
	isOwnTeam := func(t Team) bool { return strings.EqualFold(t.Name, a.Team) && t.HasChannel() }
	switch {
	case a.Paused:
		return "It is paused."
	case a.HasChannel || slices.ContainsFunc(s.Teams, isOwnTeam):
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

// show shows the page.
func (p startPages) show(v *web.Visit) error {
	s, err := p.readSteps(v)
	if err != nil {
		return err
	}
	return v.Show("start", s.makeScreen())
}

// slackManifest sends the manifest as a file.
func (p startPages) slackManifest(v *web.Visit) error {
	body, err := p.desk.SlackManifest()
	if err != nil {
		return err
	}
	return sendFile(v, "application/json", "parley-slack-manifest.json", body)
}

// teamsPackage sends the app's package for Teams as a file.
func (p startPages) teamsPackage(v *web.Visit) error {
	body, err := p.desk.TeamsPackage(v.Value("package_id"))
	if refused, ok := errors.AsType[*web.Problem](err); ok {
		return v.Refuse(http.StatusUnprocessableEntity, refused.Text, refused.Hint)
	}
	if err != nil {
		return v.Refuse(http.StatusUnprocessableEntity, "The package can't be made.", err.Error())
	}
	return sendFile(v, "application/zip", "parley-teams.zip", body)
}

// sendFile sends a file that the browser saves.
func sendFile(v *web.Visit, contentType, name string, body []byte) error {
	v.Writer.Header().Set("Content-Type", contentType)
	v.Writer.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	_, err := v.Writer.Write(body)
	return err
}

// findAgents searches the chats again for the agents who were not found. Saving an agent, even without a change, searches
// by its e-mail address.
func (p startPages) findAgents(v *web.Visit) error {
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
		return v.GoWithText(startPath, "Nobody was found. Are their addresses in the chat the same as here, and may Parley see them there?")
	}

	return v.GoWithText(startPath, strconv.Itoa(found)+" found.")
}
