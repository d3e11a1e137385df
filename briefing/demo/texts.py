"""What people write in the simulated agency. All of it invented; none of it tuned to what a program recognises."""

from __future__ import annotations

ASKS = (
    ("Booking link", "Could you send us the booking link for the workshop? Our people want to plan their travel."),
    ("Logo files", "Please send the logo as a vector file, the printer needs it."),
    ("Launch date", "When does the new page go live? Our sales team keeps asking me."),
    ("Invoice 2214", "There is a line on the last invoice that I cannot place. What is the 340 for?"),
    ("Access to the ad account", "Can our new colleague get access to the ad account? Her address is in copy."),
    ("Photos", "Which of the photos may we use in the brochure?"),
    ("Copy for the home page", "We have changed the second paragraph again. Can you take it over before Friday?"),
    ("Numbers for the board", "I need last month's lead numbers for our board meeting, please."),
    ("Typo on the contact page", "The phone number on the contact page is wrong. Please correct it."),
    ("Budget for December", "Shall we keep the budget as it is over the holidays, or pause?"),
    ("Video", "Did the second cut of the film arrive? I cannot open the link."),
    ("Newsletter", "The test mail shows the old address at the bottom. Is that going to change?"),
    ("Tracking", "Our shop shows fewer orders than your report. Which of the two is right?"),
    ("Meeting next week", "Is Tuesday at ten still fine for you, or should we move it?"),
    ("Cookie banner", "Legal asks who decides on the wording of the cookie banner. Do you have a proposal?"),
    ("Store opening", "We need the posters by the 20th. Will that work?"),
    ("Forms", "The form on the landing page sends nothing since this morning. Please have a look."),
    ("Translation", "Who checks the French version, you or us?"),
    ("Contract", "I am waiting for the signed contract. Could you send it today?"),
    ("Product names", "Two product names have changed, see below. Please replace them everywhere."),
    ("Pictures for social media", "Could we see the pictures for next week's posts before they go out?"),
    ("Search terms", "A customer told us we show up for repairs. We do not do repairs, can you exclude that?"),
    ("Opening hours", "Our opening hours change on the first. Please update the site and the map entry."),
    ("Report", "The report shows last year's colours. Do you have a newer one?"),
)
"""Subject and text of what clients ask."""

ANSWERS = (
    "Hello, yes, here it is. Let me know if anything is missing.",
    "Done, it is live now.",
    "We checked it with the team: it will be ready on Thursday.",
    "That was a mistake on our side, it is corrected. Sorry for the trouble.",
    "Yes, that works. I have put it into the plan.",
    "Here are the numbers, with a short note on page two.",
    "Good point. We have excluded it as of today.",
    "I have added her, she should have a mail.",
    "The file is in the shared folder now.",
    "We will take it over in the next round, that is tomorrow noon.",
    "It stays as it is until you tell us otherwise.",
    "The second version is right, the first one counts cancelled orders too.",
)

CLOSERS = (
    "Thanks!",
    "Perfect, thank you.",
    "Great, thanks a lot.",
    "Thank you, that helps.",
    "Super, thanks.",
    "Got it, thank you!",
    "Wonderful. Thanks for the quick help.",
    "Thanks, that works for us.",
    "Great, talk soon.",
    "All good then, thank you.",
    "Thank you very much, have a nice evening.",
    "👍",
)

OUR_ASKS = (
    ("Dates for the shoot", "Which days suit you for the photo shoot, the 12th or the 14th?"),
    ("Approval of the draft", "Can you let us know by Thursday whether the draft is approved?"),
    ("Contact for IT", "Who in your IT can set the DNS entry for us?"),
    ("Wording", "Do you prefer the formal or the short version of the headline?"),
    ("Guest list", "How many guests should we plan for?"),
    ("Delivery address", "To which address should the printer deliver?"),
)

THEIR_ANSWERS = (
    "The 14th is better for us.",
    "Approved from our side.",
    "That is Mr. Weil in our IT, he knows about it.",
    "The short version.",
    "About forty people, as last year.",
    "To the warehouse, gate 3.",
)
"""In the order of `OUR_ASKS`: statements that ask nothing."""

UPDATES = (
    ("Weekly report", "Here is the report of last week. Leads are on plan, the second campaign started on Tuesday."),
    ("New landing page is live", "The new landing page is live since noon. We will watch it over the weekend."),
    ("Minutes", "Attached are the minutes of our call with the open points."),
    ("Photos from the shoot", "The photos are in the shared folder, sorted by day."),
)

FYI = (
    ("For your files", "For your files: the signed version of the agreement. No reply needed."),
    ("Our holidays", "Just so you know: our office is closed between the holidays. Nothing to do on your side."),
    ("Forwarded invoice", "FYI, our accounting has paid the October invoice today."),
)

CHASERS = (
    "Any news on this?",
    "Just checking whether you saw my message.",
    "Could you please come back to us on this?",
    "Following up on the below, we are a bit stuck here.",
    "Hello? We would need this by tomorrow.",
)

ACKNOWLEDGED = (
    "Thanks for letting us know, noted.",
    "Thank you, we will plan with that.",
    "Perfect, that is all we need for now.",
)

CHATTER = (
    "Morning all, coffee machine is fixed.",
    "Who has the key for the small meeting room?",
    "Stand-up moved to 09:15 today.",
    "I am on the train until eleven, reachable here.",
    "Build is through, staging is up to date.",
    "Does anybody have the brand colours of the kit at hand?",
    "Posted the new guidelines in the wiki.",
    "Please log your hours before noon.",
    "Nice work on the film, the team loved it.",
    "Lunch at half past twelve, who is in?",
    "The printer on the second floor is out of paper again.",
    "I pushed the fix for the form, please test.",
    "Reminder: security training is due this month.",
    "Can somebody review my draft this afternoon?",
    "New intern starts on Monday, please say hello.",
    "The tracking test passed on all three pages.",
    "I will be ten minutes late.",
    "We hit the target for cold calls this week.",
    "Slides are in the folder.",
    "Who takes the support phone tomorrow?",
    "Thanks everyone for the quick turnaround.",
    "The new monitor has arrived.",
    "Updated the forecast sheet.",
    "Let us keep this in the thread, please.",
    "Vacation list for December is open.",
)
CHATTER_REPLIES = (
    "On it.",
    "Me!",
    "Done.",
    "Thanks!",
    "I can do that after two.",
    "It is in the drawer of the front desk.",
    "Same here.",
    "Good to know.",
)

INTERNAL = (
    ("Timesheets", "Two people have not logged their hours yet. Shall I remind them?"),
    ("Office lease", "The landlord wants an answer on the second floor until the end of the month."),
    ("Hiring", "The developer from last week has a second interview on Thursday. Will you join?"),
    ("Insurance", "The renewal is on your desk, it needs a signature."),
    ("Team day", "We have three places for the team day, I would take the lake."),
    ("Software licences", "We pay for six seats nobody uses. Can I cancel them?"),
    ("Laptop order", "The new laptops cost 1,450 each. Ordering tomorrow unless you object."),
    ("Freelancer rates", "Two of our freelancers raised their rates by five per cent."),
)

NEWSLETTERS = (
    ("The week in search", "Five changes in search you should know, and what readers tried."),
    ("Design digest 41", "Colour of the month, a type interview, and our readers' desks."),
    ("Your monthly product news", "New this month: shared folders, faster exports, three fixes."),
    ("Webinar: reports that people read", "Join us on Thursday at four. Seats are limited. Can you make it?"),
    ("Autumn offers for agencies", "Twenty per cent on yearly plans until Sunday. Interested?"),
    ("Conference programme is out", "Two days, forty talks, one harbour. Have you booked your seat yet?"),
)
NEWS_DOMAINS = ("searchweekly.example", "designdigest.example", "worktools.example", "confseries.example")

NOTICES = (
    ("Task assigned to you", "A task was assigned to you by a colleague."),
    ("Daily summary", "Three tasks were completed yesterday. Two are due today."),
    ("Invoice 8841 is available", "Your invoice is available in the customer area."),
    ("Backup finished", "The nightly backup finished without errors."),
    ("New sign-in", "A new sign-in to your account was seen. If this was you, there is nothing to do."),
    ("Your storage is 70 % full", "You may want to tidy up."),
    ("Form submission", "A new message was sent through the form on your site."),
)
NOTICE_SENDERS = (
    ("Taskboard", "notifications@taskboard.example"),
    ("Ledgerly", "no-reply@ledgerly.example"),
    ("Backup service", "noreply@vaultbox.example"),
    ("Website", "wordpress@harbourlane.example"),
)

VENDOR_ASKS = (
    ("Renewal of your plan", "Would you like to renew for another year? I can offer the same price until Friday."),
    ("Coffee delivery", "When should we deliver next week, Tuesday or Wednesday?"),
    ("Office cleaning", "Could you confirm the new schedule for the cleaning?"),
    ("Partnership", "Could we talk for fifteen minutes next week about a partnership?"),
    ("Translation rates", "Please let us know whether the new rates are fine for you."),
)
VENDORS = (
    ("Nico Strandberg", "nico@paperhouse.example"),
    ("Tamsin Vey", "tamsin@beanroute.example"),
    ("Ole Fjordmann", "ole@linguafleet.example"),
    ("Ruth Abendroth", "ruth@brightmops.example"),
)

OUT_OF_OFFICE = (
    "Thank you for your message. I am out of the office until Monday and will answer after my return. "
    "In urgent cases please write to the team."
)
SEEN_BY_PHONE = "As discussed on the phone just now: we do it the way you described. All settled."
ELSEWHERE = (
    "About your mail: yes, we can do that, it is in the plan for tomorrow.",
    "Answering your question here: done, please have a look.",
    "On what you asked earlier: the file is in the shared folder.",
)
