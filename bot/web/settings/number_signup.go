package settings

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/bot/web"
	"parley/bridge/setup"
	"parley/channels"
)

// With the sign-up, an admin adds a WhatsApp number by OAuth instead of copying ids and tokens from Meta's pages:
//
//	signUp       leads to Meta, where the admin signs in and grants access to the company's numbers
//	comeBackFromMeta handles Meta's redirect: exchanges its code for a token, which the session holds encrypted
//	showNumbers  shows the numbers that the token gives access to
//	addChosen    adds the chosen number and sets its webhook at Meta

// Offered is a number that an admin granted access to.
type Offered struct {
	ID, WABA      string // Meta's ids of the number and of its WhatsApp Business Account
	Display, Name string
	Registered    bool // already registered with the Cloud API
}

const (
	// stateKey is the session key of an attempt to sign up: "STATE EXPIRY", where STATE is OAuth's random state
	// parameter and EXPIRY is in Unix seconds. It is used once.
	stateKey = "number-signup"
	// grantKey is the session key of the token, encrypted by Desk.Seal.
	grantKey = "number-grant"
	// signUpTimeout is the time that an admin has at Meta.
	signUpTimeout = 30 * time.Minute
)

// SignUpReturnPath is the path to which Meta redirects browsers.
const SignUpReturnPath = choosePath + "/return"

// signUp leads to Meta.
func (p pages) signUp(v *web.Visit) error {
	if !p.desk.SignUp() {
		return v.NotFound()
	}
	state := rand.Text()
	v.Remember(stateKey, state+" "+strconv.FormatInt(v.Now().Add(signUpTimeout).Unix(), 10))
	return v.Leave(p.desk.SignUpLink(state), "Meta", choosePath)
}

// endAttempt ends the session's attempt. It returns nil if state is the state of the attempt and the attempt has not
// expired, and otherwise the problem.
func (p pages) endAttempt(v *web.Visit, state string) *web.Problem {
	held, until, _ := strings.Cut(v.Recall(stateKey), " ")
	if held == "" || subtle.ConstantTimeCompare([]byte(held), []byte(state)) != 1 {
		return &web.Problem{
			Text: "Nobody began this attempt here, or it was finished before.",
			Hint: "Begin again, in the same browser to the end.",
		}
	}
	v.Remember(stateKey, "")
	end, err := strconv.ParseInt(until, 10, 64)
	if err != nil || v.Now().Unix() > end {
		return &web.Problem{
			Text: "This attempt took too long.",
			Hint: "Begin again; you have " + strconv.Itoa(int(signUpTimeout.Minutes())) + " minutes.",
		}
	}
	return nil
}

// comeBackFromMeta handles the redirect from Meta.
func (p pages) comeBackFromMeta(v *web.Visit) error {
	if !p.desk.SignUp() {
		return v.NotFound()
	}

	q := v.Request.URL.Query()
	problem := p.endAttempt(v, q.Get("state"))
	if problem != nil {
		return v.Refuse(http.StatusBadRequest, problem.Text, problem.Hint)
	}
	if q.Get("error") == "access_denied" {
		return v.Refuse(http.StatusBadRequest, "You did not allow it at Meta, so nothing was changed.", "Begin again when you want to.")
	}
	if q.Get("code") == "" {
		return v.Refuse(http.StatusBadRequest, "What came back from Meta has no code.",
			"Begin again; if it stays so, look at the app's configuration at Meta.")
	}

	token, err := p.desk.FinishSignUp(v.Context(), q.Get("code"))
	if errors.As(err, &problem) {
		return v.Refuse(http.StatusBadRequest, problem.Text, problem.Hint)
	}
	if err != nil {
		return err
	}

	sealed, err := p.desk.Seal(map[string]string{"token": token})
	if err != nil {
		return err
	}

	v.Remember(grantKey, sealed)
	return v.Go(choosePath + "/numbers")
}

// choicePage is the template data of the page on which an admin chooses one of the numbers.
type choicePage struct {
	Numbers []Offered
	Chosen  string // the ID of the selected number
	Form    web.Form
	Address string // see numberPage
}

func (c *choicePage) makeScreen() web.Screen {
	return web.Screen{
		Title: "Choose the number",
		Help:  "It begins in watch mode: conversations appear, and nothing leaves until you turn it live.",
		Data:  c,
	}
}

// withGrant calls do with the session's token and the page of its numbers. It reads the numbers from Meta each time, so
// that nobody can submit a number that the token gives no access to.
func (p pages) withGrant(v *web.Visit, do func(token string, c *choicePage) error) error {
	token := p.desk.Unseal(v.Recall(grantKey))["token"]
	if token == "" || !p.desk.SignUp() {
		return v.Refuse(http.StatusNotFound, "Nobody has signed up with Meta here.", "Begin on the page “Add a WhatsApp number”.")
	}

	numbers, err := p.desk.Offered(v.Context(), token)
	if problem, ok := errors.AsType[*web.Problem](err); ok {
		return v.Refuse(http.StatusBadRequest, problem.Text, problem.Hint)
	}
	if err != nil {
		return err
	}

	page, err := p.numberPage(v, guideOf("whatsapp"))
	if err != nil {
		return err
	}

	c := &choicePage{
		Numbers: numbers,
		Chosen:  numbers[0].ID,
		Address: page.Address,
		Form:    web.Form{Groups: page.Form.Groups[1:2]}, // those here
	}
	if slices.ContainsFunc(numbers, func(n Offered) bool { return !n.Registered }) {
		c.Form.Groups[0].Fields = append(c.Form.Groups[0].Fields, pinField())
	}
	return do(token, c)
}

// pinField returns the field for the PIN that Meta asks for when a number is registered.
func pinField() web.Field {
	return web.Field{
		Name:        "pin",
		Label:       "Six digits",
		Placeholder: "123456",
		Help: "For a number that is new at Meta: the PIN of its two-step verification. " +
			"If it has none, any six digits become it; note them.",
	}
}

// showNumbers shows the page on which an admin chooses a number.
func (p pages) showNumbers(v *web.Visit) error {
	return p.withGrant(v, func(_ string, c *choicePage) error { return v.Show("numbers", c.makeScreen()) })
}

// addChosen adds the chosen number. A number that is new at Meta is registered first.
func (p pages) addChosen(v *web.Visit) error {
	return p.withGrant(v, func(token string, c *choicePage) error {
		c.Chosen = v.Value("number")
		i := slices.IndexFunc(c.Numbers, func(n Offered) bool { return n.ID == c.Chosen })
		if i < 0 {
			return c.showAgain(v, map[string]string{"number": "Choose one of the numbers."})
		}
		name := v.Value("name")
		if name == "" {
			return c.showAgain(v, map[string]string{"name": "This is needed."})
		}

		number := c.Numbers[i]
		if !number.Registered {
			err := p.desk.Register(v.Context(), token, number.ID, v.Value("pin"))
			if problem, ok := errors.AsType[*web.Problem](err); ok {
				return c.showAgain(v, map[string]string{"pin": problem.Text})
			}
			if err != nil {
				return err
			}
		}

		return p.addGranted(v, c, number, name, token)
	})
}

// showAgain shows the page with problems by the names of fields. Problems of other names are shown above the form.
func (c *choicePage) showAgain(v *web.Visit, problems map[string]string) error {
	c.Form.Keep(v, problems)
	return v.ShowAgain("numbers", c.makeScreen())
}

// addGranted adds an account for number n, sets its webhook at Meta, and redirects to the account's page.
func (p pages) addGranted(v *web.Visit, c *choicePage, n Offered, name, token string) error {
	values := map[string][]string{
		"mode":                     {"watch"},
		"whatsapp.phone_number_id": {n.ID},
		"whatsapp.waba_id":         {n.WABA},
		"whatsapp.token":           {token},
		"whatsapp.app_secret":      {p.desk.SignUpSecret()},
		"whatsapp." + verifyField:  {rand.Text()},
	}
	if team := v.Value("team"); team != "" {
		values["team"] = []string{team}
	}

	change := setup.Change{Kind: setup.EntryAccount, Name: name, Channel: "whatsapp", Values: values}
	result, err := p.desk.Save(v.Context(), v.Person, change)
	if refused, ok := errors.AsType[*setup.Refused](err); ok {
		c.Form.Problems = append(c.Form.Problems, refused.Others...)
		return c.showAgain(v, refused.Fields)
	}
	if errors.Is(err, setup.ErrExists) {
		return c.showAgain(v, map[string]string{"name": "There is one of that name already."})
	}
	if err != nil {
		return err
	}

	v.Remember(grantKey, "") // forget the token
	hookText, err := p.setNewHook(v, name)
	if err != nil {
		return err
	}
	text := "The account was added. It is in watch mode. " + hookText
	return v.GoWithText(accountPath(name), result.About(name).Sentences(text))
}

// setNewHook sets the webhook of a new account at Meta, and returns the outcome as text for the admin. If another
// program's webhook is set already, it changes nothing: the account's page shows that webhook and asks before it is
// replaced. A *web.Problem is an outcome, not an error, since the account has been added.
func (p pages) setNewHook(v *web.Visit, name string) (text string, err error) {
	state, err := p.desk.Hook(v.Context(), name)
	if err != nil {
		return hookProblem(err)
	}

	isOther := func(h channels.HookValue) bool { return h.Now != "" && h.Now != h.Wanted }
	if slices.ContainsFunc(state.Values, isOther) {
		return "Meta calls another program for this number: look below before you change that.", nil
	}

	if err := p.desk.SetHook(v.Context(), v.Person, name); err != nil {
		return hookProblem(err)
	}
	return "Meta calls Parley.", nil
}

// hookProblem returns the text for a *web.Problem about a webhook. It returns other errors unchanged.
func hookProblem(err error) (text string, unexpected error) {
	if problem, ok := errors.AsType[*web.Problem](err); ok {
		return "Meta could not be told to call Parley yet: " + problem.Error(), nil
	}
	return "", err
}
