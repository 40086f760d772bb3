package teamsfake

import ()

// These aliases let tests and the demo use types of the packages below without importing those packages. An activity is a
// request by which Teams tells the bot what happened.
type ()
