package erase

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"parley/store"
	"parley/store/internal/query"
)

// Alike is another contact who may be the same person as one who is to be erased. An erasure takes no contact that nobody has
// named, so whoever asks for it is told of these first.
type Alike struct {
	Contact

	Latest store.ConversationID `db:"latest"` // the contact's newest conversation; 0 if there is none
	Why    []string             `db:"why"`    // what speaks for it, such as "has the same name", the strongest first
}

// MaxAlike is how many contacts FindAlike returns at most.
const MaxAlike = 50

// alikeTo selects contacts who may be the same person as @contacts, with the reasons. @tails are the ends of phone numbers, so
// that 0151 1211000 is found as +49 151 1211000. It reads whole tables: erasures are too rare for indexes.
const alikeTo = `
	WITH found (contact_id, rank, why) AS (
		SELECT i.contact_id, 1, 'has the same address or number'
		FROM identities AS i WHERE lower(replace(i.key, 'I', 'i')) = ANY(@keys) OR ` + endsLike + ` = ANY(@tails)
		UNION
		SELECT i.contact_id, 2, 'is named in this customer''s conversations'
		FROM identities AS i WHERE lower(replace(i.key, 'I', 'i')) = ANY(@named) OR ` + endsLike + ` = ANY(@namedtails)
		UNION
		SELECT i.contact_id, 3, 'names this customer''s address or number in #' || max(c.id)
		FROM messages AS m
		JOIN conversations AS c ON c.id = m.conversation_id
		JOIN identities AS i ON i.id = c.identity_id
		WHERE lower(replace(m.text, 'I', 'i')) ~ ANY(@patterns)
		GROUP BY i.contact_id
		UNION
		SELECT n.contact_id, 4, 'has the same name'
		FROM (
			SELECT id AS contact_id, name FROM contacts
			UNION
			SELECT contact_id, name FROM identities
			UNION
			SELECT i.contact_id, v.traits ->> 'name' FROM conversations AS v JOIN identities AS i ON i.id = v.identity_id
			WHERE v.traits ? 'name'
		) AS n
		WHERE lower(replace(n.name, 'I', 'i')) = ANY(@names)
	)
	SELECT ` + contactColumns + `, f.why, coalesce((
			SELECT max(v.id) FROM conversations AS v JOIN identities AS i ON i.id = v.identity_id WHERE i.contact_id = c.id), 0) AS latest
	FROM (
		SELECT contact_id, min(rank) AS rank, array_agg(why ORDER BY rank, why) AS why
		FROM found
		WHERE contact_id <> ALL(@contacts)
		GROUP BY contact_id
		ORDER BY 2, 1
		LIMIT @limit
	) AS f
	JOIN contacts AS c ON c.id = f.contact_id
	ORDER BY f.rank, c.id`

const (
	endsLike = `CASE WHEN i.key ~ '^\+?[0-9]{8,}$' THEN right(i.key, 8) END`

	// saidWith selects what was said in the contact's conversations, and by the contact elsewhere.
	saidWith = `SELECT text FROM messages WHERE (conversation_id = ANY($1) OR id = ANY($2)) AND text ~ '@|[0-9]'`
)

var (
	addressInText = regexp.MustCompile(`[\pL0-9._%+-]+@[\pL0-9-]+(\.[\pL0-9-]+)+`)
	numberInText  = regexp.MustCompile(`\+?[0-9][0-9 ()/.\x{a0}-]{6,}[0-9]`)
)

// FindAlike returns other contacts who may be the same person as contacts: with the same name, with the same address or number
// on another account, or named in the conversations, theirs or these. The strongest reasons come first. Nothing is merged.
func FindAlike(ctx context.Context, q store.Querier, contacts []store.ContactID) ([]Alike, error) {
	who, err := readSubject(ctx, q, contacts)
	if err != nil {
		return nil, err
	}
	s, err := readScope(ctx, q, who)
	if err != nil {
		return nil, err
	}
	texts, err := query.Column[string](ctx, q, "what was said", saidWith, s.Conversations, s.Messages)
	if err != nil {
		return nil, err
	}

	var named, tails []string
	for _, text := range texts {
		for _, address := range addressInText.FindAllString(text, -1) {
			named = append(named, strings.ToLower(address))
		}
		tails = append(tails, endsOfNumbers(numberInText.FindAllString(text, -1))...)
	}
	global := slices.DeleteFunc(slices.Clone(s.Keys), isLocal)
	own := endsOfNumbers(global)
	patterns := s.wholeKeys(strings.Clone)
	for _, end := range own { // however its digits are parted
		patterns = append(patterns, strings.Join(strings.Split(end, ""), `[ ()/.-]{0,3}`)+afterNumber)
	}

	return query.Collect[Alike](ctx, q, "contacts alike", alikeTo, pgx.NamedArgs{
		"contacts":   contacts,
		"keys":       lowerAll(global),
		"tails":      own,
		"named":      named,
		"namedtails": tails,
		"patterns":   patterns,
		"names":      lowerAll(s.Names),
		"limit":      MaxAlike,
	})
}

// endsOfNumbers returns the last eight digits of each phone number, which are the same with and without the country's code.
func endsOfNumbers(numbers []string) []string {
	const length = 8
	list := []string{}
	for _, number := range numbers {
		digits := strings.Map(func(c rune) rune {
			if c < '0' || c > '9' {
				return -1
			}
			return c
		}, number)
		if !strings.Contains(number, "@") && len(digits) >= length {
			list = append(list, digits[len(digits)-length:])
		}
	}
	return list
}
