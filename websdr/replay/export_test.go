package replay

var ParseAddress = parseAddress
