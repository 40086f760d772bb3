package stats_test

import "parley/store/storetest"

var exec = storetest.Exec
