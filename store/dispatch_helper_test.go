package store_test

import (
	"parley/store/storetest"
)

var _, _, row = storetest.Check, storetest.Exec, storetest.Row
