package slackfake

import ()

// Tests and the demo import only this package. It re-exports the types of its subpackages that they need.
type (

// shared by all parts: options, clock, ids, log of changes, and the lock
// a JSON object
// a Web API call with its arguments
// the fields of a successful response
)
