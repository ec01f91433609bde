"""Words of everyday French and English that brands are also named by: alone they tell of no brand."""

_WORDS = """
orange free total casino target gap apple carrefour la-poste poste mango boss guess next now sky vision era visa shell
oracle windows word office teams zoom slack signal telegram messenger line meta alphabet square stripe block wish bolt
lime bird dove tide sprite mars galaxy camel lucky puma jaguar mustang beetle golf polo focus fiesta smart mini leaf
note cube but fly go sport quick action canal equipe figaro monde croix point express liberation echos tribune elle
voici closer public gala match engie vinci joon hop direct credit agricole populaire postale general generale red
virgin three cricket boost mint visible boots subway best buy home depot staples limited victoria secret bath body
chase discover capital citizens ally regions key southwest united delta spirit frontier alaska amazon cora champion
atac leader super la-redoute confort camif but-magasin la-halle maison-du-monde or-noir ici-paris paris-match le-monde
la-croix le-point the and for with from that this have not are was you your our they all any can out one two new more
good news time times star sun mirror post mail guardian independent observer standard fire water earth air wind stone
wood gold silver black white blue green yellow purple pink brown grey noir blanc rouge bleu vert jaune rose violet
gris marron argent pierre bois eau feu terre vent soleil lune etoile jardin ville rue pays mer montagne foret riviere
lac fleur arbre chat chien cheval lion tigre ours loup oiseau poisson pain vin biere cafe lait sucre sel poivre
fromage beurre viande fruit legume maison house garden town street country world sea mountain forest river lake flower
tree cat dog horse tiger bear wolf fish bread wine beer coffee tea milk sugar salt pepper cheese butter meat vegetable
jour nuit matin soir heure minute semaine mois annee hier demain toujours jamais avec sans pour dans le les un une des
du et ou mais est son ses nos vos leur nous vous ils elles qui que quoi comme plus moins day night morning evening
hour week month year today tomorrow always never here there force avenir espoir liberte ensemble unique ideal prestige
elite royal imperial power future hope freedom together premier prime first
"""
COMMON = frozenset(_WORDS.split())
"""Folded: small letters, no accents, hyphens for spaces."""
