<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de_DE">
    <context>
        <name>CompareDialog</name>
        <message>
            <source>Compare</source>
            <translation>Vergleichen</translation>
        </message>
        <message>
            <source>Side by side</source>
            <translation>Nebeneinander</translation>
        </message>
        <message>
            <source>Slider</source>
            <translation>Schieber</translation>
        </message>
        <message>
            <source>Difference</source>
            <translation>Unterschied</translation>
        </message>
        <message>
            <source>How the pictures are compared</source>
            <translation>Wie die Bilder verglichen werden</translation>
        </message>
        <message>
            <source>&amp;Swap</source>
            <translation>&amp;Tauschen</translation>
        </message>
        <message>
            <source>Setting</source>
            <translation>Einstellung</translation>
        </message>
        <message>
            <source>Left</source>
            <translation>Links</translation>
        </message>
        <message>
            <source>Right</source>
            <translation>Rechts</translation>
        </message>
        <message>
            <source>Settings that differ</source>
            <translation>Einstellungen, die sich unterscheiden</translation>
        </message>
    </context>
    <context>
        <name>CreatePage</name>
        <message>
            <source>The model is loading. You can write your prompt already.</source>
            <translation>Das Modell wird geladen. Sie können den Text schon schreiben.</translation>
        </message>
        <message>
            <source>All that the picture says about itself</source>
            <translation>Alles, was das Bild über sich sagt</translation>
        </message>
        <message>
            <source>This model is a codec: it can reconstruct pictures (page &quot;Tokens&quot;), not draw them.</source>
            <translation>Dieses Modell ist ein Codec: Es kann Bilder wiedergeben (Seite „Token“), aber nicht zeichnen.</translation>
        </message>
        <message>
            <source>Write what you want to see and press Enter.</source>
            <translation>Schreiben Sie, was Sie sehen wollen, und drücken Sie Enter.</translation>
        </message>
        <message>
            <source>No model is open. Choose one on the page &quot;Models&quot;.</source>
            <translation>Kein Modell ist geöffnet. Wählen Sie eines auf der Seite „Modelle“.</translation>
        </message>
        <message>
            <source>%1 cannot be read: it was moved, deleted or damaged.</source>
            <translation>%1 ist nicht lesbar: verschoben, gelöscht oder beschädigt.</translation>
        </message>
        <message>
            <source>seed %1  ·  %2×%3  ·  %4  ·  %5</source>
            <translation>Startwert %1  ·  %2×%3  ·  %4  ·  %5</translation>
        </message>
    </context>
    <context>
        <name>Duration</name>
        <message>
            <source>under a second</source>
            <translation>unter einer Sekunde</translation>
        </message>
        <message>
            <source>%1 s</source>
            <translation>%1 s</translation>
        </message>
        <message>
            <source>%1 min %2 s</source>
            <translation>%1 min %2 s</translation>
        </message>
        <message>
            <source>%1 h %2 min</source>
            <translation>%1 h %2 min</translation>
        </message>
    </context>
    <context>
        <name>EditPage</name>
        <message>
            <source>&amp;Draw the painted part anew</source>
            <translation>Das Bemalte &amp;neu zeichnen</translation>
        </message>
        <message>
            <source>Open a picture, drop one here, or choose &quot;Edit&quot; on a picture of the gallery.</source>
            <translation>Öffnen Sie ein Bild, ziehen Sie eines hierher, oder wählen Sie „Bearbeiten“ bei einem Bild der Galerie.</translation>
        </message>
        <message>
            <source>&amp;Open a picture …</source>
            <translation>Bild ö&amp;ffnen …</translation>
        </message>
        <message>
            <source>Brush</source>
            <translation>Pinsel</translation>
        </message>
        <message>
            <source>Paint what is to be drawn anew (B)</source>
            <translation>Bemalen, was neu gezeichnet wird (B)</translation>
        </message>
        <message>
            <source>Eraser</source>
            <translation>Radierer</translation>
        </message>
        <message>
            <source>Keep it after all (E)</source>
            <translation>Doch behalten (E)</translation>
        </message>
        <message>
            <source>Rectangle</source>
            <translation>Rechteck</translation>
        </message>
        <message>
            <source>A whole area</source>
            <translation>Eine ganze Fläche</translation>
        </message>
        <message>
            <source>Undo</source>
            <translation>Rückgängig</translation>
        </message>
        <message>
            <source>Redo</source>
            <translation>Wiederholen</translation>
        </message>
        <message>
            <source>Invert</source>
            <translation>Umkehren</translation>
        </message>
        <message>
            <source>Clear</source>
            <translation>Leeren</translation>
        </message>
        <message>
            <source>By &amp;tokens</source>
            <translation>Nach &amp;Token</translation>
        </message>
        <message>
            <source>Paint whole cells of the token grid: the others are locked</source>
            <translation>Ganze Zellen des Token-Rasters bemalen: die anderen sind gesperrt</translation>
        </message>
        <message>
            <source> px</source>
            <translation> px</translation>
        </message>
        <message>
            <source>Size of the brush</source>
            <translation>Größe des Pinsels</translation>
        </message>
        <message>
            <source>Strength</source>
            <translation>Stärke</translation>
        </message>
        <message>
            <source>How much of the painted part is forgotten; 1 is all of it.</source>
            <translation>Wie viel vom Bemalten vergessen wird; 1 ist alles.</translation>
        </message>
        <message>
            <source>What the whole picture shows then</source>
            <translation>Was das ganze Bild dann zeigt</translation>
        </message>
        <message>
            <source>what the whole picture shows then</source>
            <translation>was das ganze Bild dann zeigt</translation>
        </message>
        <message>
            <source>S&amp;trength</source>
            <translation>S&amp;tärke</translation>
        </message>
        <message>
            <source>Wait until the model is open: the picture is brought to its size.</source>
            <translation>Warten Sie, bis das Modell offen ist: Das Bild wird auf seine Größe gebracht.</translation>
        </message>
        <message>
            <source>Paint over what is to be drawn anew.</source>
            <translation>Bemalen Sie, was neu gezeichnet werden soll.</translation>
        </message>
        <message>
            <source>%1 of %2 tokens are drawn anew, the others are locked.</source>
            <translation>%1 von %2 Token werden neu gezeichnet, die anderen sind gesperrt.</translation>
        </message>
        <message>
            <source>Open a mask …</source>
            <translation>Maske öffnen …</translation>
        </message>
        <message>
            <source>A picture: what is light is drawn anew</source>
            <translation>Ein Bild: Was hell ist, wird neu gezeichnet</translation>
        </message>
        <message>
            <source>Save the mask …</source>
            <translation>Maske sichern …</translation>
        </message>
        <message>
            <source>As a PNG: white is drawn anew</source>
            <translation>Als PNG: Weiß wird neu gezeichnet</translation>
        </message>
        <message>
            <source>Save the mask</source>
            <translation>Maske sichern</translation>
        </message>
        <message>
            <source>PNG (*.png)</source>
            <translation>PNG (*.png)</translation>
        </message>
        <message>
            <source>&amp;Brush</source>
            <translation>&amp;Pinsel</translation>
        </message>
    </context>
    <context>
        <name>ErrorText</name>
        <message>
            <source>Change the setting and try again.</source>
            <translation>Ändern Sie die Einstellung und versuchen Sie es noch einmal.</translation>
        </message>
        <message>
            <source>The parts of this model do not fit each other.</source>
            <translation>Die Teile dieses Modells passen nicht zueinander.</translation>
        </message>
        <message>
            <source>Choose another model or file.</source>
            <translation>Wählen Sie ein anderes Modell oder eine andere Datei.</translation>
        </message>
        <message>
            <source>The file is damaged: fetch it again, or choose another.</source>
            <translation>Die Datei ist beschädigt: Laden Sie sie neu, oder wählen Sie eine andere.</translation>
        </message>
        <message>
            <source>Choose the device &quot;cpu&quot; in the settings.</source>
            <translation>Wählen Sie in den Einstellungen das Gerät „cpu“.</translation>
        </message>
        <message>
            <source>Make room on the disk or check the folder&apos;s permissions, then try again.</source>
            <translation>Schaffen Sie Platz auf der Platte oder prüfen Sie die Rechte des Ordners, dann versuchen Sie es noch einmal.</translation>
        </message>
        <message>
            <source>This should not happen; please report it.</source>
            <translation>Das sollte nicht vorkommen; bitte melden Sie es.</translation>
        </message>
        <message>
            <source>There is not enough memory. Close other programs, or draw fewer pictures at once.</source>
            <translation>Der Speicher reicht nicht. Schließen Sie andere Programme, oder zeichnen Sie weniger Bilder auf einmal.</translation>
        </message>
        <message>
            <source>Close the other program, or try again in a moment.</source>
            <translation>Schließen Sie das andere Programm, oder versuchen Sie es gleich noch einmal.</translation>
        </message>
    </context>
    <context>
        <name>EvaluationPage</name>
        <message>
            <source>&amp;Measure</source>
            <translation>&amp;Messen</translation>
        </message>
        <message>
            <source>S&amp;top</source>
            <translation>A&amp;nhalten</translation>
        </message>
        <message>
            <source>Open the &amp;page</source>
            <translation>&amp;Seite öffnen</translation>
        </message>
        <message>
            <source>What is right</source>
            <translation>Was stimmt</translation>
        </message>
        <message>
            <source>First</source>
            <translation>Erstes</translation>
        </message>
        <message>
            <source>Second</source>
            <translation>Zweites</translation>
        </message>
        <message>
            <source>Difference, points</source>
            <translation>Unterschied, Punkte</translation>
        </message>
        <message>
            <source>Scores</source>
            <translation>Wertung</translation>
        </message>
        <message>
            <source>Prompt</source>
            <translation>Text</translation>
        </message>
        <message>
            <source>Prompts, worst first</source>
            <translation>Texte, die schlechtesten zuerst</translation>
        </message>
        <message>
            <source>First model</source>
            <translation>Erstes Modell</translation>
        </message>
        <message>
            <source>Second model</source>
            <translation>Zweites Modell</translation>
        </message>
        <message>
            <source>How many prompts</source>
            <translation>Wie viele Texte</translation>
        </message>
        <message>
            <source> prompts</source>
            <translation> Texte</translation>
        </message>
        <message>
            <source>seed </source>
            <translation>Startwert </translation>
        </message>
        <message>
            <source>Seed</source>
            <translation>Startwert</translation>
        </message>
        <message>
            <source>✓ right</source>
            <translation>✓ richtig</translation>
        </message>
        <message>
            <source>✗ wrong</source>
            <translation>✗ falsch</translation>
        </message>
        <message>
            <source>What the first model draws of the chosen prompt.</source>
            <translation>Was das erste Modell zum gewählten Text zeichnet.</translation>
        </message>
        <message>
            <source>What the second one draws of it.</source>
            <translation>Was das zweite dazu zeichnet.</translation>
        </message>
        <message>
            <source>Picture of the first model</source>
            <translation>Bild des ersten Modells</translation>
        </message>
        <message>
            <source>Picture of the second model</source>
            <translation>Bild des zweiten Modells</translation>
        </message>
    </context>
    <context>
        <name>EvaluationRun</name>
        <message>
            <source>%1 cannot be started: %2</source>
            <translation>%1 lässt sich nicht starten: %2</translation>
        </message>
        <message>
            <source>%1 cannot be made</source>
            <translation>%1 lässt sich nicht anlegen</translation>
        </message>
        <message>
            <source>the first model</source>
            <translation>das erste Modell</translation>
        </message>
        <message>
            <source>the second model</source>
            <translation>das zweite Modell</translation>
        </message>
        <message>
            <source>the comparison</source>
            <translation>der Vergleich</translation>
        </message>
    </context>
    <context>
        <name>FilmBar</name>
        <message>
            <source>&amp;Tokens</source>
            <translation>&amp;Token</translation>
        </message>
        <message>
            <source>Play the steps</source>
            <translation>Die Schritte abspielen</translation>
        </message>
        <message>
            <source>Step of the picture</source>
            <translation>Schritt des Bildes</translation>
        </message>
        <message>
            <source>Go through the steps of this picture</source>
            <translation>Die Schritte dieses Bildes durchgehen</translation>
        </message>
        <message>
            <source>Show the tokens and how sure the model is of each</source>
            <translation>Die Token zeigen, und wie sicher sich das Modell bei jedem ist</translation>
        </message>
        <message>
            <source>step %1</source>
            <translation>Schritt %1</translation>
        </message>
        <message>
            <source>No tokens: this picture was drawn by the Gaussian path.</source>
            <translation>Keine Token: Dieses Bild entstand auf dem Gaußschen Weg.</translation>
        </message>
    </context>
    <context>
        <name>Gallery</name>
        <message>
            <source>Search prompts</source>
            <translation>Texte durchsuchen</translation>
        </message>
        <message>
            <source>Favourites only</source>
            <translation>Nur Lieblinge</translation>
        </message>
        <message>
            <source>Pictures of which model</source>
            <translation>Bilder welchen Modells</translation>
        </message>
        <message>
            <source>Gallery</source>
            <translation>Galerie</translation>
        </message>
        <message numerus="yes">
            <source>%n picture(s)</source>
            <translation>
                <numerusform>%n Bild</numerusform>
                <numerusform>%n Bilder</numerusform>
            </translation>
        </message>
        <message>
            <source>All models</source>
            <translation>Alle Modelle</translation>
        </message>
        <message>
            <source>Delete</source>
            <translation>Löschen</translation>
        </message>
        <message numerus="yes">
            <source>Move %n picture(s) to the trash?</source>
            <translation>
                <numerusform>%n Bild in den Papierkorb legen?</numerusform>
                <numerusform>%n Bilder in den Papierkorb legen?</numerusform>
            </translation>
        </message>
        <message>
            <source>These files could not be moved to the trash and are kept:
%1</source>
            <translation>Diese Dateien ließen sich nicht in den Papierkorb legen und bleiben:
%1</translation>
        </message>
        <message numerus="yes">
            <source>Move %n picture(s) to the trash? The favourites are kept.</source>
            <translation>
                <numerusform>%n Bild in den Papierkorb verschieben? Die Favoriten bleiben.</numerusform>
                <numerusform>%n Bilder in den Papierkorb verschieben? Die Favoriten bleiben.</numerusform>
            </translation>
        </message>
    </context>
    <context>
        <name>GalleryModel</name>
        <message>
            <source>&lt;b&gt;%1&lt;/b&gt;&lt;br&gt;seed %2, %3×%4, model %5&lt;br&gt;%6</source>
            <translation>&lt;b&gt;%1&lt;/b&gt;&lt;br&gt;Startwert %2, %3×%4, Modell %5&lt;br&gt;%6</translation>
        </message>
        <message>
            <source>(no prompt)</source>
            <translation>(ohne Text)</translation>
        </message>
    </context>
    <context>
        <name>JobQueue</name>
        <message>
            <source>waiting</source>
            <translation>wartet</translation>
        </message>
        <message>
            <source>running, %1 %</source>
            <translation>läuft, %1 %</translation>
        </message>
        <message>
            <source>finished</source>
            <translation>fertig</translation>
        </message>
        <message>
            <source>failed: %1</source>
            <translation>gescheitert: %1</translation>
        </message>
        <message>
            <source>cancelled</source>
            <translation>abgebrochen</translation>
        </message>
        <message>
            <source>(no prompt)</source>
            <translation>(ohne Text)</translation>
        </message>
        <message>
            <source>%1  × %2</source>
            <translation>%1  × %2</translation>
        </message>
    </context>
    <context>
        <name>LossChart</name>
        <message>
            <source>Which number is shown</source>
            <translation>Welche Zahl gezeigt wird</translation>
        </message>
        <message>
            <source>Chart</source>
            <translation>Schaubild</translation>
        </message>
        <message>
            <source>step</source>
            <translation>Schritt</translation>
        </message>
    </context>
    <context>
        <name>MainWindow</name>
        <message>
            <source>Create</source>
            <translation>Zeichnen</translation>
        </message>
        <message>
            <source>Edit</source>
            <translation>Bearbeiten</translation>
        </message>
        <message>
            <source>Tokens</source>
            <translation>Token</translation>
        </message>
        <message>
            <source>Train</source>
            <translation>Lernen</translation>
        </message>
        <message>
            <source>Measure</source>
            <translation>Messen</translation>
        </message>
        <message>
            <source>Models</source>
            <translation>Modelle</translation>
        </message>
        <message>
            <source>Progress of the running job</source>
            <translation>Fortschritt des laufenden Auftrags</translation>
        </message>
        <message>
            <source>Queue</source>
            <translation>Warteschlange</translation>
        </message>
        <message>
            <source>&amp;File</source>
            <translation>&amp;Datei</translation>
        </message>
        <message>
            <source>&amp;Open a picture …</source>
            <translation>Bild ö&amp;ffnen …</translation>
        </message>
        <message>
            <source>&amp;Quit</source>
            <translation>&amp;Beenden</translation>
        </message>
        <message>
            <source>&amp;Generate</source>
            <translation>&amp;Zeichnen</translation>
        </message>
        <message>
            <source>Generate &amp;next</source>
            <translation>Als &amp;Nächstes zeichnen</translation>
        </message>
        <message>
            <source>&amp;Cancel the running job</source>
            <translation>Laufenden Auftrag &amp;abbrechen</translation>
        </message>
        <message>
            <source>Cancel &amp;all jobs</source>
            <translation>Alle Aufträge a&amp;bbrechen</translation>
        </message>
        <message>
            <source>Write the &amp;prompt</source>
            <translation>Den &amp;Text schreiben</translation>
        </message>
        <message>
            <source>&amp;View</source>
            <translation>&amp;Ansicht</translation>
        </message>
        <message>
            <source>&amp;Fit</source>
            <translation>&amp;Einpassen</translation>
        </message>
        <message>
            <source>&amp;One to one</source>
            <translation>E&amp;ins zu eins</translation>
        </message>
        <message>
            <source>Zoom &amp;in</source>
            <translation>Ver&amp;größern</translation>
        </message>
        <message>
            <source>Zoom o&amp;ut</source>
            <translation>Ver&amp;kleinern</translation>
        </message>
        <message>
            <source>&amp;Tokens of the picture</source>
            <translation>&amp;Token des Bildes</translation>
        </message>
        <message>
            <source>&amp;Details</source>
            <translation>Ein&amp;zelheiten</translation>
        </message>
        <message>
            <source>Page %1</source>
            <translation>Seite %1</translation>
        </message>
        <message>
            <source>&amp;Help</source>
            <translation>&amp;Hilfe</translation>
        </message>
        <message>
            <source>&amp;Keyboard shortcuts</source>
            <translation>&amp;Tastenkürzel</translation>
        </message>
        <message>
            <source>&amp;About</source>
            <translation>Ü&amp;ber</translation>
        </message>
        <message>
            <source>About Tessera</source>
            <translation>Über Tessera</translation>
        </message>
        <message>
            <source>&amp;Picture</source>
            <translation>&amp;Bild</translation>
        </message>
        <message>
            <source>Use &amp;all its settings</source>
            <translation>&amp;Alle Einstellungen übernehmen</translation>
        </message>
        <message>
            <source>Use its &amp;prompt</source>
            <translation>Seinen &amp;Text übernehmen</translation>
        </message>
        <message>
            <source>Use its &amp;seed</source>
            <translation>Seinen &amp;Startwert übernehmen</translation>
        </message>
        <message>
            <source>Use all b&amp;ut the seed</source>
            <translation>Alles a&amp;ußer dem Startwert übernehmen</translation>
        </message>
        <message>
            <source>Four &amp;variations</source>
            <translation>Vier &amp;Varianten</translation>
        </message>
        <message>
            <source>&amp;Edit a part …</source>
            <translation>Einen T&amp;eil bearbeiten …</translation>
        </message>
        <message>
            <source>Its &amp;tokens …</source>
            <translation>Seine T&amp;oken …</translation>
        </message>
        <message>
            <source>&amp;Compare two …</source>
            <translation>&amp;Zwei vergleichen …</translation>
        </message>
        <message>
            <source>&amp;Favourite</source>
            <translation>&amp;Liebling</translation>
        </message>
        <message>
            <source>C&amp;opy the picture</source>
            <translation>Bild &amp;kopieren</translation>
        </message>
        <message>
            <source>E&amp;xport …</source>
            <translation>E&amp;xportieren …</translation>
        </message>
        <message>
            <source>Export a contact s&amp;heet …</source>
            <translation>Kontakt&amp;bogen exportieren …</translation>
        </message>
        <message>
            <source>&amp;Delete …</source>
            <translation>&amp;Löschen …</translation>
        </message>
        <message>
            <source>opening the model …</source>
            <translation>das Modell wird geöffnet …</translation>
        </message>
        <message>
            <source>no model</source>
            <translation>kein Modell</translation>
        </message>
        <message numerus="yes">
            <source>%n picture(s) in %1</source>
            <translation>
                <numerusform>%n Bild in %1</numerusform>
                <numerusform>%n Bilder in %1</numerusform>
            </translation>
        </message>
        <message>
            <source>cancelled</source>
            <translation>abgebrochen</translation>
        </message>
        <message>
            <source>failed</source>
            <translation>gescheitert</translation>
        </message>
        <message>
            <source>step %1 of %2</source>
            <translation>Schritt %1 von %2</translation>
        </message>
        <message>
            <source>  ·  %1 steps a second</source>
            <translation>  ·  %1 Schritte in der Sekunde</translation>
        </message>
        <message>
            <source>  ·  %1 left</source>
            <translation>  ·  noch %1</translation>
        </message>
        <message numerus="yes">
            <source>  ·  %n job(s) waiting</source>
            <translation>
                <numerusform>  ·  %n Auftrag wartet</numerusform>
                <numerusform>  ·  %n Aufträge warten</numerusform>
            </translation>
        </message>
        <message numerus="yes">
            <source>%n job(s) waited when the program ended.</source>
            <translation>
                <numerusform>%n Auftrag wartete, als das Programm endete.</numerusform>
                <numerusform>%n Aufträge warteten, als das Programm endete.</numerusform>
            </translation>
        </message>
        <message>
            <source>Draw them now</source>
            <translation>Jetzt zeichnen</translation>
        </message>
        <message>
            <source>Choose two pictures of the gallery to compare them.</source>
            <translation>Wählen Sie zwei Bilder der Galerie, um sie zu vergleichen.</translation>
        </message>
        <message>
            <source>Export</source>
            <translation>Exportieren</translation>
        </message>
        <message>
            <source>Contact sheet</source>
            <translation>Kontaktbogen</translation>
        </message>
        <message>
            <source>PNG (*.png)</source>
            <translation>PNG (*.png)</translation>
        </message>
        <message>
            <source>Open the folder of the &amp;pictures</source>
            <translation>Ordner der &amp;Bilder öffnen</translation>
        </message>
        <message>
            <source>&amp;Settings …</source>
            <translation>&amp;Einstellungen …</translation>
        </message>
        <message>
            <source>&amp;Finish this picture, drop the rest</source>
            <translation>Dieses Bild noch &amp;fertigstellen, den Rest verwerfen</translation>
        </message>
        <message>
            <source>Favo&amp;urite and earlier prompts …</source>
            <translation>Favori&amp;ten und frühere Texte …</translation>
        </message>
        <message>
            <source>&amp;Star the prompt</source>
            <translation>Text zum Favoriten &amp;machen</translation>
        </message>
        <message>
            <source>Copy its see&amp;d</source>
            <translation>Startwert ko&amp;pieren</translation>
        </message>
        <message>
            <source>Delete all but the favou&amp;rites …</source>
            <translation>Alle außer den Favo&amp;riten löschen …</translation>
        </message>
        <message>
            <source>Open the shipped model</source>
            <translation>Mitgeliefertes Modell öffnen</translation>
        </message>
        <message>
            <source>All pictures are saved now; nothing was lost.</source>
            <translation>Alle Bilder sind nun gespeichert; nichts ging verloren.</translation>
        </message>
        <message numerus="yes">
            <source>%n picture(s) could not be saved and are kept in memory. That is tried again by itself; jobs that wait begin then.</source>
            <translation>
                <numerusform>%n Bild konnte nicht gespeichert werden und bleibt im Speicher. Das wird von selbst wieder versucht; wartende Aufträge beginnen dann.</numerusform>
                <numerusform>%n Bilder konnten nicht gespeichert werden und bleiben im Speicher. Das wird von selbst wieder versucht; wartende Aufträge beginnen dann.</numerusform>
            </translation>
        </message>
        <message>
            <source>Try again now</source>
            <translation>Jetzt noch einmal</translation>
        </message>
        <message numerus="yes">
            <source>%n picture(s) are not saved yet. Close all the same, and lose them?</source>
            <translation>
                <numerusform>%n Bild ist noch nicht gespeichert. Trotzdem schließen und es verlieren?</numerusform>
                <numerusform>%n Bilder sind noch nicht gespeichert. Trotzdem schließen und sie verlieren?</numerusform>
            </translation>
        </message>
        <message>
            <source>Close</source>
            <translation>Schließen</translation>
        </message>
        <message>
            <source>Export the &amp;history …</source>
            <translation>&amp;Verlauf ausgeben …</translation>
        </message>
        <message>
            <source>Export the history</source>
            <translation>Verlauf ausgeben</translation>
        </message>
        <message>
            <source>JSON (*.json)</source>
            <translation>JSON (*.json)</translation>
        </message>
        <message>
            <source>PNG with its settings (*.png);;JPEG (*.jpg)</source>
            <translation>PNG mit seinen Einstellungen (*.png);;JPEG (*.jpg)</translation>
        </message>
    </context>
    <context>
        <name>MaskCanvas</name>
        <message>
            <source>Picture to change; paint what is to be drawn anew</source>
            <translation>Bild, das geändert wird; bemalen Sie, was neu gezeichnet werden soll</translation>
        </message>
    </context>
    <context>
        <name>ModelsPage</name>
        <message>
            <source>&amp;Open</source>
            <translation>Ö&amp;ffnen</translation>
        </message>
        <message>
            <source>&amp;Delete …</source>
            <translation>&amp;Löschen …</translation>
        </message>
        <message>
            <source>&amp;Fetch</source>
            <translation>&amp;Laden</translation>
        </message>
        <message>
            <source>Model</source>
            <translation>Modell</translation>
        </message>
        <message>
            <source>Origin</source>
            <translation>Herkunft</translation>
        </message>
        <message>
            <source>Size</source>
            <translation>Größe</translation>
        </message>
        <message>
            <source>Folder</source>
            <translation>Ordner</translation>
        </message>
        <message>
            <source>Models on this machine</source>
            <translation>Modelle auf diesem Rechner</translation>
        </message>
        <message>
            <source>Details of the model</source>
            <translation>Einzelheiten des Modells</translation>
        </message>
        <message>
            <source>Published model, ORGANISATION/NAME</source>
            <translation>Veröffentlichtes Modell, ORGANISATION/NAME</translation>
        </message>
        <message>
            <source>&amp;Look again</source>
            <translation>&amp;Neu suchen</translation>
        </message>
        <message>
            <source>Published model:</source>
            <translation>Veröffentlichtes Modell:</translation>
        </message>
        <message>
            <source>(the shipped one)</source>
            <translation>(das mitgelieferte)</translation>
        </message>
        <message>
            <source>Delete</source>
            <translation>Löschen</translation>
        </message>
        <message>
            <source>Move the model in %1 to the trash?</source>
            <translation>Das Modell in %1 in den Papierkorb legen?</translation>
        </message>
        <message>
            <source>%1 could not be moved to the trash and is kept.</source>
            <translation>%1 ließ sich nicht in den Papierkorb legen und bleibt.</translation>
        </message>
        <message>
            <source>&amp;Stop</source>
            <translation>An&amp;halten</translation>
        </message>
    </context>
    <context>
        <name>NoticeBar</name>
        <message>
            <source>Copy</source>
            <translation>Kopieren</translation>
        </message>
        <message>
            <source>Copy this message</source>
            <translation>Diese Meldung kopieren</translation>
        </message>
        <message>
            <source>Close this message</source>
            <translation>Diese Meldung schließen</translation>
        </message>
    </context>
    <context>
        <name>PairView</name>
        <message>
            <source>Two pictures</source>
            <translation>Zwei Bilder</translation>
        </message>
        <message>
            <source>The pictures have different sizes.</source>
            <translation>Die Bilder sind verschieden groß.</translation>
        </message>
    </context>
    <context>
        <name>PictureFile</name>
        <message>
            <source>Open a picture</source>
            <translation>Bild öffnen</translation>
        </message>
        <message>
            <source>Pictures (*.png *.jpg *.jpeg *.webp *.bmp)</source>
            <translation>Bilder (*.png *.jpg *.jpeg *.webp *.bmp)</translation>
        </message>
        <message>
            <source>%1 is no picture that can be read. PNG, JPEG, WebP and BMP can.</source>
            <translation>%1 ist kein lesbares Bild. Lesbar sind PNG, JPEG, WebP und BMP.</translation>
        </message>
    </context>
    <context>
        <name>PictureName</name>
        <message>
            <source>%1 is no field; the fields are %2.</source>
            <translation>%1 ist kein Feld; die Felder sind %2.</translation>
        </message>
        <message>
            <source>A bracket { or } stands alone.</source>
            <translation>Eine Klammer { oder } steht allein.</translation>
        </message>
        <message>
            <source>The character %1 cannot be part of a name.</source>
            <translation>Das Zeichen %1 kann nicht in einem Namen stehen.</translation>
        </message>
        <message>
            <source>The name begins below the folder, not with a slash.</source>
            <translation>Der Name beginnt unterhalb des Ordners, nicht mit einem Schrägstrich.</translation>
        </message>
        <message>
            <source>A file or folder has no name.</source>
            <translation>Eine Datei oder ein Ordner hat keinen Namen.</translation>
        </message>
        <message>
            <source>The name is too long.</source>
            <translation>Der Name ist zu lang.</translation>
        </message>
    </context>
    <context>
        <name>PictureView</name>
        <message>
            <source>Picture</source>
            <translation>Bild</translation>
        </message>
    </context>
    <context>
        <name>Preferences</name>
        <message>
            <source>The device is auto, cpu, cuda, or cuda: and a number.</source>
            <translation>Das Gerät ist auto, cpu, cuda oder cuda: mit einer Nummer.</translation>
        </message>
        <message>
            <source>The folder of pictures begins with a slash.</source>
            <translation>Der Ordner der Bilder beginnt mit einem Schrägstrich.</translation>
        </message>
        <message>
            <source>%1 is no folder.</source>
            <translation>%1 ist kein Ordner.</translation>
        </message>
        <message>
            <source>Nothing can be written into %1.</source>
            <translation>In %1 kann nichts geschrieben werden.</translation>
        </message>
    </context>
    <context>
        <name>PreferencesDialog</name>
        <message>
            <source>Write prompt and &amp;settings into each PNG</source>
            <translation>Text und &amp;Einstellungen in jedes PNG schreiben</translation>
        </message>
        <message>
            <source>&amp;Ask before pictures go to the trash</source>
            <translation>&amp;Fragen, bevor Bilder in den Papierkorb kommen</translation>
        </message>
        <message>
            <source>Settings</source>
            <translation>Einstellungen</translation>
        </message>
        <message>
            <source>&amp;Pictures</source>
            <translation>&amp;Bilder</translation>
        </message>
        <message>
            <source>&amp;Look</source>
            <translation>&amp;Aussehen</translation>
        </message>
        <message>
            <source>&amp;Machine</source>
            <translation>&amp;Rechner</translation>
        </message>
        <message>
            <source>&amp;Keys</source>
            <translation>&amp;Tasten</translation>
        </message>
        <message>
            <source>&amp;Choose …</source>
            <translation>&amp;Wählen …</translation>
        </message>
        <message>
            <source>Folder of pictures</source>
            <translation>Ordner mit Bildern</translation>
        </message>
        <message>
            <source>&amp;Folder</source>
            <translation>&amp;Ordner</translation>
        </message>
        <message>
            <source>Pictures that are made from now on go there; the others stay where they are.</source>
            <translation>Dorthin kommen Bilder, die von jetzt an entstehen; die anderen bleiben, wo sie sind.</translation>
        </message>
        <message>
            <source>File &amp;name</source>
            <translation>Datei&amp;name</translation>
        </message>
        <message>
            <source>Fields: {date}, {time}, {prompt}, {seed}, {model}. A slash begins a folder.</source>
            <translation>Felder: {date} Tag, {time} Uhrzeit, {prompt} Text, {seed} Startwert, {model} Modell. Ein Schrägstrich beginnt einen Ordner.</translation>
        </message>
        <message>
            <source>For example</source>
            <translation>Zum Beispiel</translation>
        </message>
        <message>
            <source>Then a picture can be dropped on the window to bring its settings back, and whoever gets it can read them. Without, only the history knows them.</source>
            <translation>Dann bringt ein Bild seine Einstellungen zurück, wenn man es auf das Fenster zieht, und wer es bekommt, kann sie lesen. Sonst kennt sie nur der Verlauf.</translation>
        </message>
        <message>
            <source>As the desktop</source>
            <translation>Wie der Schreibtisch</translation>
        </message>
        <message>
            <source>Light</source>
            <translation>Hell</translation>
        </message>
        <message>
            <source>Dark</source>
            <translation>Dunkel</translation>
        </message>
        <message>
            <source>&amp;Theme</source>
            <translation>&amp;Farben</translation>
        </message>
        <message>
            <source>Colours of the window.</source>
            <translation>Farben des Fensters.</translation>
        </message>
        <message>
            <source>La&amp;nguage</source>
            <translation>&amp;Sprache</translation>
        </message>
        <message>
            <source>Of the window; it changes at once.</source>
            <translation>Des Fensters; sie wechselt sofort.</translation>
        </message>
        <message>
            <source>Forming &amp;picture</source>
            <translation>&amp;Entstehendes Bild</translation>
        </message>
        <message>
            <source>How often it is shown while it forms. Seldom is a little faster.</source>
            <translation>Wie oft es gezeigt wird, während es entsteht. Selten ist etwas schneller.</translation>
        </message>
        <message>
            <source>one a core</source>
            <translation>einer je Kern</translation>
        </message>
        <message>
            <source>&amp;Device</source>
            <translation>&amp;Gerät</translation>
        </message>
        <message>
            <source>What draws: auto takes a graphics card where there is one, cuda:1 the second.</source>
            <translation>Was zeichnet: auto nimmt eine Grafikkarte, wo es eine gibt, cuda:1 die zweite.</translation>
        </message>
        <message>
            <source>&amp;Threads</source>
            <translation>&amp;Fäden</translation>
        </message>
        <message>
            <source>Of the processor. Fewer leave more of it to other programs.</source>
            <translation>Des Prozessors. Weniger lassen anderen Programmen mehr davon.</translation>
        </message>
        <message>
            <source>The model is opened anew when these change.</source>
            <translation>Das Modell wird neu geöffnet, wenn sich das ändert.</translation>
        </message>
        <message>
            <source>a red apple</source>
            <translation>ein roter Apfel</translation>
        </message>
        <message>
            <source>At every step</source>
            <translation>Bei jedem Schritt</translation>
        </message>
        <message>
            <source>At every second step</source>
            <translation>Bei jedem zweiten Schritt</translation>
        </message>
        <message>
            <source>At every fifth step</source>
            <translation>Bei jedem fünften Schritt</translation>
        </message>
        <message>
            <source>At every tenth step</source>
            <translation>Bei jedem zehnten Schritt</translation>
        </message>
        <message>
            <source>Not at all</source>
            <translation>Gar nicht</translation>
        </message>
    </context>
    <context>
        <name>Preset</name>
        <message>
            <source>Balanced (the model&apos;s own)</source>
            <translation>Ausgewogen (wie das Modell)</translation>
        </message>
        <message>
            <source>Fast</source>
            <translation>Schnell</translation>
        </message>
        <message>
            <source>Fine</source>
            <translation>Fein</translation>
        </message>
    </context>
    <context>
        <name>PromptsDialog</name>
        <message>
            <source>Prompt</source>
            <translation>Text</translation>
        </message>
        <message>
            <source>Favourite and earlier prompts</source>
            <translation>Favoriten und frühere Texte</translation>
        </message>
        <message>
            <source>Prompts</source>
            <translation>Texte</translation>
        </message>
        <message>
            <source>Search prompts</source>
            <translation>Texte durchsuchen</translation>
        </message>
        <message>
            <source>&amp;Star</source>
            <translation>&amp;Favorit</translation>
        </message>
        <message>
            <source>Keep this prompt among the favourites, or no longer (Ctrl+B)</source>
            <translation>Diesen Text zu den Favoriten nehmen, oder nicht mehr (Strg+B)</translation>
        </message>
        <message>
            <source>&amp;Use it</source>
            <translation>&amp;Verwenden</translation>
        </message>
        <message>
            <source>favourite</source>
            <translation>Favorit</translation>
        </message>
        <message>
            <source>no favourite</source>
            <translation>kein Favorit</translation>
        </message>
    </context>
    <context>
        <name>QAction</name>
        <message>
            <source>Keyboard shortcuts</source>
            <translation>Tastenkürzel</translation>
        </message>
        <message>
            <source>%1 belongs to &quot;%2&quot;.</source>
            <translation>%1 gehört zu „%2“.</translation>
        </message>
        <message>
            <source>&amp;The keys that the program came with</source>
            <translation>Tasten &amp;wie am Anfang</translation>
        </message>
    </context>
    <context>
        <name>QPlatformTheme</name>
        <message>
            <source>OK</source>
            <translation>OK</translation>
        </message>
        <message>
            <source>Cancel</source>
            <translation>Abbrechen</translation>
        </message>
        <message>
            <source>Close</source>
            <translation>Schließen</translation>
        </message>
        <message>
            <source>Apply</source>
            <translation>Anwenden</translation>
        </message>
        <message>
            <source>&amp;Yes</source>
            <translation>&amp;Ja</translation>
        </message>
        <message>
            <source>&amp;No</source>
            <translation>&amp;Nein</translation>
        </message>
        <message>
            <source>Restore Defaults</source>
            <translation>Zurücksetzen</translation>
        </message>
    </context>
    <context>
        <name>QueueView</name>
        <message>
            <source>Queue</source>
            <translation>Warteschlange</translation>
        </message>
        <message>
            <source>Pause the queue</source>
            <translation>Die Warteschlange anhalten</translation>
        </message>
        <message>
            <source>Earlier</source>
            <translation>Früher</translation>
        </message>
        <message>
            <source>Later</source>
            <translation>Später</translation>
        </message>
        <message>
            <source>Take the selected job out</source>
            <translation>Den gewählten Auftrag herausnehmen</translation>
        </message>
        <message>
            <source>Clear the jobs that wait</source>
            <translation>Wartende Aufträge entfernen</translation>
        </message>
        <message>
            <source>Clear the jobs that ended</source>
            <translation>Beendete Aufträge entfernen</translation>
        </message>
    </context>
    <context>
        <name>RecallDialog</name>
        <message>
            <source>&amp;Prompt</source>
            <translation>&amp;Text</translation>
        </message>
        <message>
            <source>&amp;Negative prompt</source>
            <translation>&amp;Negativer Text</translation>
        </message>
        <message>
            <source>&amp;Seed</source>
            <translation>&amp;Startwert</translation>
        </message>
        <message>
            <source>S&amp;teps, sampler, guidance</source>
            <translation>Sc&amp;hritte, Verfahren, Führung</translation>
        </message>
        <message>
            <source>Settings of this picture</source>
            <translation>Einstellungen dieses Bildes</translation>
        </message>
    </context>
    <context>
        <name>SeedField</name>
        <message>
            <source>random</source>
            <translation>zufällig</translation>
        </message>
        <message>
            <source>fixed</source>
            <translation>fest</translation>
        </message>
        <message>
            <source>step</source>
            <translation>Schritt</translation>
        </message>
        <message>
            <source>How the seed is chosen</source>
            <translation>Wie der Startwert gewählt wird</translation>
        </message>
        <message>
            <source>random: drawn for every job; fixed: the same picture again; step: one more for every picture</source>
            <translation>zufällig: für jeden Auftrag neu; fest: dasselbe Bild noch einmal; Schritt: eins mehr bei jedem Bild</translation>
        </message>
        <message>
            <source>Seed</source>
            <translation>Startwert</translation>
        </message>
        <message>
            <source>drawn</source>
            <translation>zufällig</translation>
        </message>
        <message>
            <source>Use the seed of the last picture again</source>
            <translation>Den Startwert des letzten Bildes noch einmal nehmen</translation>
        </message>
        <message>
            <source>Use the last seed</source>
            <translation>Letzten Startwert nehmen</translation>
        </message>
    </context>
    <context>
        <name>SettingsPanel</name>
        <message>
            <source>Take the prompt word for &amp;word</source>
            <translation>Den Text &amp;wörtlich nehmen</translation>
        </message>
        <message>
            <source>&amp;Generate</source>
            <translation>&amp;Zeichnen</translation>
        </message>
        <message>
            <source>&amp;Advanced</source>
            <translation>&amp;Mehr</translation>
        </message>
        <message>
            <source>Draw it (Enter in the prompt, or Ctrl+Enter)</source>
            <translation>Zeichnen (Enter im Text, oder Strg+Enter)</translation>
        </message>
        <message>
            <source>&amp;Prompt</source>
            <translation>&amp;Text</translation>
        </message>
        <message>
            <source>a red apple on a blue background</source>
            <translation>a red apple on a blue background</translation>
        </message>
        <message>
            <source>Prompt</source>
            <translation>Text</translation>
        </message>
        <message>
            <source>What is to be drawn. Enter draws it.</source>
            <translation>Was gezeichnet werden soll. Enter zeichnet es.</translation>
        </message>
        <message>
            <source>what to stay away from</source>
            <translation>was nicht zu sehen sein soll</translation>
        </message>
        <message>
            <source>Negative prompt</source>
            <translation>Negativer Text</translation>
        </message>
        <message>
            <source>&amp;Negative prompt</source>
            <translation>&amp;Negativer Text</translation>
        </message>
        <message>
            <source>&amp;Pictures</source>
            <translation>&amp;Bilder</translation>
        </message>
        <message>
            <source>How many pictures; each has a seed of its own.</source>
            <translation>Wie viele Bilder; jedes hat seinen eigenen Startwert.</translation>
        </message>
        <message>
            <source>&amp;Seed</source>
            <translation>&amp;Startwert</translation>
        </message>
        <message>
            <source>The same seed draws the same picture again.</source>
            <translation>Derselbe Startwert zeichnet dasselbe Bild noch einmal.</translation>
        </message>
        <message>
            <source>P&amp;reset</source>
            <translation>&amp;Vorwahl</translation>
        </message>
        <message>
            <source>Fewer steps are faster, more steps are finer.</source>
            <translation>Weniger Schritte sind schneller, mehr sind feiner.</translation>
        </message>
        <message>
            <source>Pa&amp;th</source>
            <translation>&amp;Pfad</translation>
        </message>
        <message>
            <source>Discrete codes, or Gaussian noise in latents.</source>
            <translation>Diskrete Codes, oder Gauß’sches Rauschen im latenten Raum.</translation>
        </message>
        <message>
            <source>S&amp;teps</source>
            <translation>S&amp;chritte</translation>
        </message>
        <message>
            <source>Denoising steps. More is slower and, up to a point, finer.</source>
            <translation>Schritte der Entrauschung. Mehr ist langsamer und, bis zu einem Punkt, feiner.</translation>
        </message>
        <message>
            <source>Gui&amp;dance</source>
            <translation>&amp;Führung</translation>
        </message>
        <message>
            <source>How strongly the words are followed; 1 is off.</source>
            <translation>Wie streng den Worten gefolgt wird; 1 ist aus.</translation>
        </message>
        <message>
            <source>Sa&amp;mpler</source>
            <translation>Ver&amp;fahren</translation>
        </message>
        <message>
            <source>How a step is drawn.</source>
            <translation>Wie ein Schritt gezogen wird.</translation>
        </message>
        <message>
            <source>Tr&amp;uncation</source>
            <translation>Ab&amp;schneiden</translation>
        </message>
        <message>
            <source>Kept probability mass: 0.86, top0.86r or top100p; 1 is off.</source>
            <translation>Behaltene Wahrscheinlichkeit: 0.86, top0.86r oder top100p; 1 ist aus.</translation>
        </message>
        <message>
            <source>Otherwise the prompt is first read as one of the captions that the model was taught.</source>
            <translation>Sonst wird der Text erst als eine der Bildunterschriften gelesen, die das Modell gelernt hat.</translation>
        </message>
        <message numerus="yes">
            <source>&amp;Generate  (%n waiting)</source>
            <translation>
                <numerusform>&amp;Zeichnen  (%n wartet)</numerusform>
                <numerusform>&amp;Zeichnen  (%n warten)</numerusform>
            </translation>
        </message>
        <message>
            <source>Favourite and earlier prompts (Ctrl+H)</source>
            <translation>Favoriten und frühere Texte (Strg+H)</translation>
        </message>
        <message>
            <source>Favourite and earlier prompts</source>
            <translation>Favoriten und frühere Texte</translation>
        </message>
        <message>
            <source>Size</source>
            <translation>Größe</translation>
        </message>
        <message>
            <source>Of every picture of this model: it has learned places for this size alone.</source>
            <translation>Jedes Bildes dieses Modells: Es hat nur die Orte dieser Größe gelernt.</translation>
        </message>
        <message>
            <source>its own</source>
            <translation>sein eigenes</translation>
        </message>
        <message>
            <source>N&amp;oise</source>
            <translation>&amp;Rauschen</translation>
        </message>
        <message>
            <source>Share of fresh noise in a step (eta): 0 draws the same way each time, 1 is ancestral.</source>
            <translation>Anteil frischen Rauschens eines Schritts (eta): 0 zeichnet jedes Mal auf gleiche Weise, 1 ist ancestral.</translation>
        </message>
        <message>
            <source>%1 × %1 pixels</source>
            <translation>%1 × %1 Bildpunkte</translation>
        </message>
        <message>
            <source>Take the star from this prompt</source>
            <translation>Diesen Text aus den Favoriten nehmen</translation>
        </message>
        <message>
            <source>Keep this prompt among the favourites</source>
            <translation>Diesen Text zu den Favoriten nehmen</translation>
        </message>
    </context>
    <context>
        <name>Studio</name>
        <message>
            <source>The history was damaged. It was put aside as %1 and a new one begun; your pictures are still where they were.</source>
            <translation>Der Verlauf war beschädigt. Er wurde als %1 beiseitegelegt und ein neuer begonnen; Ihre Bilder sind noch, wo sie waren.</translation>
        </message>
        <message>
            <source>The list of jobs is saved again; nothing was lost.</source>
            <translation>Die Liste der Aufträge ist wieder gespeichert; nichts ging verloren.</translation>
        </message>
        <message>
            <source>The list of jobs cannot be saved; that is tried again by itself.</source>
            <translation>Die Liste der Aufträge lässt sich nicht speichern; das wird von selbst wieder versucht.</translation>
        </message>
    </context>
    <context>
        <name>TokenState</name>
        <message>
            <source>masked</source>
            <translation>verdeckt</translation>
        </message>
        <message>
            <source>new</source>
            <translation>neu</translation>
        </message>
        <message>
            <source>replaced</source>
            <translation>ersetzt</translation>
        </message>
        <message>
            <source>settled</source>
            <translation>fest</translation>
        </message>
    </context>
    <context>
        <name>TokensPage</name>
        <message>
            <source>Open a picture, or choose &quot;Tokens&quot; on one of the gallery.</source>
            <translation>Öffnen Sie ein Bild, oder wählen Sie „Token“ bei einem der Galerie.</translation>
        </message>
        <message>
            <source>What the codec makes of it.</source>
            <translation>Was der Codec daraus macht.</translation>
        </message>
        <message>
            <source>The picture</source>
            <translation>Das Bild</translation>
        </message>
        <message>
            <source>The picture through the codec and back</source>
            <translation>Das Bild durch den Codec und zurück</translation>
        </message>
        <message>
            <source>Code</source>
            <translation>Code</translation>
        </message>
        <message>
            <source>Uses</source>
            <translation>Anzahl</translation>
        </message>
        <message>
            <source>Share</source>
            <translation>Anteil</translation>
        </message>
        <message>
            <source>Codes of this picture</source>
            <translation>Codes dieses Bildes</translation>
        </message>
        <message>
            <source>&amp;Open a picture …</source>
            <translation>Bild ö&amp;ffnen …</translation>
        </message>
        <message>
            <source>cell %1, %2: code %3</source>
            <translation>Zelle %1, %2: Code %3</translation>
        </message>
        <message>
            <source>%1 tokens, %2 different of %3 codes, perplexity %4, PSNR %5 dB</source>
            <translation>%1 Token, %2 verschiedene von %3 Codes, Perplexität %4, PSNR %5 dB</translation>
        </message>
    </context>
    <context>
        <name>TrainingPage</name>
        <message>
            <source>&amp;Pause</source>
            <translation>&amp;Anhalten</translation>
        </message>
        <message>
            <source>&amp;Resume</source>
            <translation>&amp;Fortsetzen</translation>
        </message>
        <message>
            <source>Codec (VQ-VAE)</source>
            <translation>Codec (VQ-VAE)</translation>
        </message>
        <message>
            <source>Words (tokenizer)</source>
            <translation>Wörter (Tokenizer)</translation>
        </message>
        <message>
            <source>Denoiser of codes (diffusion)</source>
            <translation>Entrauscher der Codes (Diffusion)</translation>
        </message>
        <message>
            <source>Denoiser of latents (Gaussian)</source>
            <translation>Entrauscher im latenten Raum (Gauß)</translation>
        </message>
        <message>
            <source>the scenes that come with the program</source>
            <translation>die Szenen, die das Programm mitbringt</translation>
        </message>
        <message>
            <source>&amp;Choose a folder …</source>
            <translation>&amp;Ordner wählen …</translation>
        </message>
        <message>
            <source>&amp;Start training</source>
            <translation>Lernen &amp;beginnen</translation>
        </message>
        <message>
            <source>&amp;What</source>
            <translation>&amp;Was</translation>
        </message>
        <message>
            <source>&amp;Name</source>
            <translation>&amp;Name</translation>
        </message>
        <message>
            <source>Of the run and its folder.</source>
            <translation>Des Laufs und seines Ordners.</translation>
        </message>
        <message>
            <source>&amp;Pictures</source>
            <translation>&amp;Bilder</translation>
        </message>
        <message>
            <source>A folder of pictures, with captions beside them for a denoiser.</source>
            <translation>Ein Ordner mit Bildern; für einen Entrauscher mit Texten daneben.</translation>
        </message>
        <message>
            <source>C&amp;odec</source>
            <translation>C&amp;odec</translation>
        </message>
        <message>
            <source>The run or model whose codes are learned.</source>
            <translation>Der Lauf oder das Modell, dessen Codes gelernt werden.</translation>
        </message>
        <message>
            <source>Wo&amp;rds</source>
            <translation>Wö&amp;rter</translation>
        </message>
        <message>
            <source>The run or folder with the tokenizer.</source>
            <translation>Der Lauf oder Ordner mit dem Tokenizer.</translation>
        </message>
        <message>
            <source>S&amp;ide</source>
            <translation>Se&amp;ite</translation>
        </message>
        <message>
            <source>S&amp;teps</source>
            <translation>S&amp;chritte</translation>
        </message>
        <message>
            <source>Optimisation steps.</source>
            <translation>Schritte der Optimierung.</translation>
        </message>
        <message>
            <source>&amp;Batch</source>
            <translation>&amp;Stapel</translation>
        </message>
        <message>
            <source>Pictures a step.</source>
            <translation>Bilder je Schritt.</translation>
        </message>
        <message>
            <source>Runs</source>
            <translation>Läufe</translation>
        </message>
        <message>
            <source>Folder of pictures</source>
            <translation>Ordner mit Bildern</translation>
        </message>
        <message>
            <source>Sheets of samples appear here while a run goes on.</source>
            <translation>Hier erscheinen Bögen mit Proben, während ein Lauf arbeitet.</translation>
        </message>
        <message>
            <source>Newest sheet of samples</source>
            <translation>Neuester Bogen mit Proben</translation>
        </message>
        <message>
            <source>What the run printed</source>
            <translation>Was der Lauf ausgab</translation>
        </message>
        <message>
            <source>&amp;Curves</source>
            <translation>&amp;Kurven</translation>
        </message>
        <message>
            <source>&amp;Samples</source>
            <translation>&amp;Proben</translation>
        </message>
        <message>
            <source>&amp;Log</source>
            <translation>&amp;Protokoll</translation>
        </message>
        <message>
            <source>Give the run a name of letters, digits, points and hyphens.</source>
            <translation>Geben Sie dem Lauf einen Namen aus Buchstaben, Ziffern, Punkten und Strichen.</translation>
        </message>
        <message>
            <source>Start a run, or choose one from the list.</source>
            <translation>Beginnen Sie einen Lauf, oder wählen Sie einen aus der Liste.</translation>
        </message>
        <message>
            <source>step %1 of %2</source>
            <translation>Schritt %1 von %2</translation>
        </message>
        <message>
            <source>%1 free on the disk</source>
            <translation>%1 frei auf der Platte</translation>
        </message>
        <message>
            <source>running</source>
            <translation>läuft</translation>
        </message>
        <message>
            <source>finishing its step and saving</source>
            <translation>beendet den Schritt und speichert</translation>
        </message>
        <message>
            <source>done</source>
            <translation>fertig</translation>
        </message>
        <message>
            <source>stopped</source>
            <translation>angehalten</translation>
        </message>
        <message>
            <source>%1 steps a second</source>
            <translation>%1 Schritte in der Sekunde</translation>
        </message>
        <message>
            <source>%1 left</source>
            <translation>noch %1</translation>
        </message>
        <message>
            <source>Judge of pictures (CLIP)</source>
            <translation>Richter über Bilder (CLIP)</translation>
        </message>
        <message>
            <source>A model is trained in this order: codec, words, denoiser. A judge ranks what it draws.</source>
            <translation>Ein Modell wird in dieser Reihenfolge gelernt: Codec, Wörter, Entrauscher. Ein Richter ordnet, was es zeichnet.</translation>
        </message>
        <message>
            <source>Pixels of a picture&apos;s side; a denoiser has its codec&apos;s.</source>
            <translation>Bildpunkte einer Seite; ein Entrauscher hat die seines Codecs.</translation>
        </message>
    </context>
</TS>
