"""The words the demo is made of: places, names, companies, titles, pages. Every domain ends in .example."""


def listed(text: str) -> list[str]:
    return text.split()


SITE = "https://www.tessera.example"

# region: [(country, share, cities)]
PLACES: dict[str, list[tuple[str, int, list[str]]]] = {
    "emea": [
        ("DE", 26, ["Stuttgart", "Bremen", "Chemnitz", "Augsburg", "Bielefeld"]),
        ("ES", 11, ["Bilbao", "Zaragoza", "Valencia"]),
        ("FR", 13, ["Lyon", "Lille", "Toulouse"]),
        ("IT", 12, ["Turin", "Brescia", "Bologna"]),
        ("GB", 12, ["Sheffield", "Coventry", "Leeds"]),
        ("NL", 6, ["Eindhoven", "Rotterdam"]),
        ("SE", 6, ["Gothenburg", "Västerås"]),
        ("PL", 6, ["Katowice", "Poznań"]),
        ("CZ", 5, ["Brno", "Plzeň"]),
        ("ZA", 3, ["Durban", "Johannesburg"]),
    ],
    "americas": [
        ("US", 66, ["Cleveland", "Milwaukee", "Detroit", "Charlotte", "Houston", "Portland"]),
        ("CA", 14, ["Hamilton", "Montreal", "Calgary"]),
        ("MX", 11, ["Monterrey", "Querétaro"]),
        ("BR", 9, ["Joinville", "Campinas"]),
    ],
    "apac": [
        ("JP", 28, ["Nagoya", "Osaka", "Hamamatsu"]),
        ("IN", 26, ["Pune", "Chennai", "Coimbatore"]),
        ("AU", 18, ["Newcastle", "Melbourne"]),
        ("SG", 12, ["Singapore"]),
        ("KR", 16, ["Ulsan", "Changwon"]),
    ],
}

FIRST_NAMES = {
    "emea": listed("""
        Ana Tom Luca Iris Ben Lena Eva Stefan Nils Sofia Marek Paula Jonas Omar Marta Iker Karl Aino Clara Hugo
        Julia Pavel Elena Matteo Giulia Piotr Agata Lars Freya Anton Chloé Louis Amelia Oliver Zanele Sven
        Katrin Jan Petra Diego
    """),
    "americas": listed("""
        Grace Mateo Emily Jacob Olivia Ethan Carla Luis Megan Tyler Hannah Noah Camila Rafael Sarah Kevin Ashley
        Brandon Renata Thiago Lauren Derek Monica Andre Beatriz Scott Natalie Carlos Erin Marcus Joanna Felipe
        Claire Troy
    """),
    "apac": listed("""
        Hana Yuki Arjun Priya Kenji Mei Rahul Ananya Takeshi Aiko Jin Soo Wei Ling Sanjay Kavya Daisuke Naomi
        Vikram Deepa Hiroshi Emi Min Jae Liam Isla Cooper Ruby Karthik Divya Shota Rina Aditya Nisha Haruto Yuna
        Oscar Tara
    """),
}  # fmt: skip
LAST_NAMES = {
    "emea": listed("""
        Ruiz Becker Ferri Vega Okafor Fuchs Mertens Wolf Berg Novak Dvořák Keller Lind Haddad Gil Sanz Amann
        Salo Moreau Lefèvre Rossi Conti Kowalski Zieliński Svensson Nyberg Clarke Hughes Bennett Visser Janssen
        Dlamini Horváth Richter Vogel Brandt Lorenz Navarro Iglesias Marchetti Bianchi Dubois Garnier Wright
        Palmer Olsen Kučera Schreiber
    """),
    "americas": listed("""
        Holloway Vargas Carter Nguyen Sullivan Ramirez Foster Bryant Coleman Delgado Pereira Silva Tremblay
        Gagnon Whitaker Hayes Lambert Ortega Mendoza Barros Costa Jensen Murphy Griffin Walsh Monroe Chavez
        Salazar Boyd Kaplan Reyes Sharp Donovan Ellison Figueroa Almeida Sinclair Parrish Mercer Abbott
    """),
    "apac": listed("""
        Sato Tan Mehta Iyer Tanaka Suzuki Watanabe Ito Kim Park Choi Lee Chen Lim Wong Sharma Patel Reddy Nair
        Rao Yamamoto Nakamura Kobayashi Campbell Harris Fraser Mitchell Kaur Desai Joshi Krishnan Pillai Mori
        Ogawa Fujita Han Jung Goh Ong Bose
    """),
}  # fmt: skip

# industry: (share, how much it needs us, what companies of it are called)
INDUSTRIES: dict[str, tuple[int, float, list[str]]] = {
    "Industrial machinery": (17, 0.9, ["Robotics", "Werkzeuge", "Machines", "Precision"]),
    "Automotive suppliers": (13, 0.8, ["Motion", "Castings", "Drives"]),
    "Food and beverage": (12, 0.6, ["Foods", "Dairy", "Brewing"]),
    "Chemicals and pharma": (10, 0.5, ["Pharma", "Coatings", "Polymers"]),
    "Electronics": (9, 0.4, ["Electronics", "Sensors", "Optik"]),
    "Transport and logistics": (10, 0.2, ["Logistics", "Freight"]),
    "Energy": (7, 0.2, ["Energy", "Grid"]),
    "Retail": (8, -0.9, ["Retail", "Stores"]),
    "Professional services": (8, -1.1, ["Partners", "Consulting"]),
    "Hospitality": (6, -1.3, ["Hotels", "Catering"]),
}
EDUCATION = "Education"
SOFTWARE = "Automation software"  # the competitors

STEMS = listed("""
    Northwind Halden Pioneer Alpen Kestrel Tarn Meridian Ostara Sable Rheintal Fairway Lumen Harbour Corvid Juniper
    Larkfield Bellweather Quarry Osprey Granite Marlow Verano Castell Norrland Silex Aurora Beacon Copperline
    Dunmore Eastgate Falk Gallus Hartmann Ibex Jadewell Kaido Linden Monarch Nimbus Oakridge Pallas Quill Ravenna
    Stella Thorn Umbra Valmont Westbrook Yarrow Zephyr Arbor Brisk Cinder Delta Ember Fjord Glacier Heron Inlet
    Jasper
""")
UNIVERSITIES = {
    "emea": ["TU Rheinfeld", "Politecnico Lario", "University of Tarnford", "Hochschule Weserland"],
    "americas": ["Lakeside State University", "Universidad del Norte Alto", "Great Plains Tech"],
    "apac": ["Seto Institute of Technology", "Deccan Engineering College", "Harbour City University"],
}
COMPETITORS = ["Plantwise", "Lineo Systems", "Opticell"]
FREE_MAIL = ["freepost.example", "mailbox.example", "webmail.example"]

# department: titles by what the holder may decide: chief, director, manager, staff
TITLES: dict[str, list[list[str]]] = {
    "Operations": [["COO", "VP Operations"], ["Director of Operations", "Head of Operations"],
                   ["Operations Manager", "Plant Manager"], ["Operations Specialist", "Shift Coordinator"]],
    "Production": [["VP Manufacturing"], ["Head of Production", "Director of Manufacturing"],
                   ["Production Manager", "Manufacturing Manager"], ["Production Planner", "Process Technician"]],
    "Engineering": [["CTO", "VP Engineering"], ["Head of Automation", "Director of Engineering"],
                    ["Automation Manager", "Engineering Manager"], ["Controls Engineer", "Automation Engineer"]],
    "IT": [["CIO"], ["Head of IT", "IT Director"], ["IT Manager"], ["Systems Administrator", "Data Engineer"]],
    "Procurement": [["Chief Procurement Officer"], ["Head of Procurement"], ["Procurement Manager"], ["Buyer"]],
    "Quality": [["VP Quality"], ["Head of Quality"], ["Quality Manager"], ["Quality Engineer"]],
    "Marketing": [["CMO"], ["Head of Marketing"], ["Marketing Manager"], ["Content Specialist"]],
    "HR": [["VP People"], ["Head of HR"], ["HR Manager"], ["Recruiter"]],
}  # fmt: skip
TRAINEE_TITLES = ["Trainee", "Intern, automation", "Working student", "Master student", "PhD student"]
USE_CASES = ["Predictive maintenance", "Line monitoring", "Robot cells", "Energy management"]
TIMELINES = ["This quarter", "This year", "Next year", "No plan"]
CONTROLS = ["Siemens", "Rockwell", "Beckhoff", "Mitsubishi", "Several"]

GUIDES = ["Robot cells checklist", "Cutting downtime: a guide", "Energy monitoring handbook", "OEE in ten pages"]
WEBINARS = ["Cutting downtime", "Connecting old machines", "Predictive maintenance in practice"]
MAILS = ["Q4 planning checklist", "Plant news", "What downtime costs", "New: robot cells", "Invitation to the webinar"]
CLICKED = ["/product", "/customers/halden", "/blog/downtime", "/events"]
FORMS = ["Contact", "Newsletter", "Calculator: cost of downtime"]
PAGES = ["/", "/product", "/product/line-monitoring", "/product/robot-cells", "/customers", "/customers/halden",
         "/blog/downtime", "/blog/oee", "/docs", "/about"]  # fmt: skip
QUESTIONS = [
    "We run 14 cells in two plants. Price for 40 seats?",
    "What does the starter package cost for one line?",
    "Is there a yearly licence for five plants?",
    "Price with on-site installation, Siemens controls throughout.",
]

# Numbers that the countries keep free for films and examples; other countries have none, so their phone is unknown.
PHONES = {"DE": "+493023125{:03d}", "GB": "+447700900{:03d}", "FR": "+33199000{:03d}", "AU": "+61491570{:03d}",
          "US": "+121655501{:02d}", "CA": "+190555501{:02d}"}  # fmt: skip
