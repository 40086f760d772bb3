package analysis

// Condition describes whether a model can be used, for admins, doctor and health.
type Condition struct {
	Status Status
	Text   string // what happened, for people; empty when Working
	Hint   string // what to do next
}

// Status of a Condition. It is stored, and so never spelt in another way.
type Status string

// Statuses.
const (
	Working Status = "active"
	Waiting Status = "waiting" // passes by itself
	Broken  Status = "error"   // needs a person
)
