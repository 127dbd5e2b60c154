// Sends the only form of the page at once; without JavaScript its button does.
document.forms[0].submit();
