/*
 * live.js - a page that shows what goes on, as it goes on. Without it the page
 * loads itself again.
 */
"use strict";
